"use strict";
// Without this script the page shows the same: it adds the values under the pointer, and reloads
// the page while the run is on.
(() => {
  // pointsOf are the points of a line, with places in percent of the plot.
  function pointsOf(path) {
    const places = [...path.getAttribute("d").matchAll(/([-.\d]+) ([-.\d]+)/g)];
    return path.dataset.values.split(" ").map((text, i) => {
      const [step, value] = text.split(":");
      return { x: places[i][1] / 10, y: Math.max(0, Math.min(100, places[i][2] / 10)), step: Number(step), value };
    });
  }

  // follow shows the values of a chart that are nearest to the pointer, or that the arrow keys reach:
  // a point of the first line, and of the others the next ones.
  function follow(plot) {
    const lines = [...plot.querySelectorAll("path.line")].map(pointsOf), [points] = lines;
    const frame = plot.querySelector(".frame"), tip = plot.querySelector(".tip");
    const guide = plot.querySelector(".guide"), spots = plot.querySelectorAll(".spot");
    let shown = -1;

    function show(index) {
      shown = Math.max(0, Math.min(points.length - 1, index));
      const { x, step } = points[shown];
      guide.setAttribute("x1", x + "%");
      guide.setAttribute("x2", x + "%");
      const head = document.createElement("b");
      head.textContent = `epoch ${Math.ceil(step / plot.dataset.perEpoch)} · step ${step.toLocaleString("en")}`;
      tip.replaceChildren(head);
      const near = lines.map((line) => line.find((point) => point.x >= x));
      near.forEach((spot, i) => {
        spots[i].classList.toggle("on", spot !== undefined);
        if (spot === undefined) return;
        spots[i].setAttribute("cx", spot.x + "%");
        spots[i].setAttribute("cy", spot.y + "%");
        const row = document.createElement("span"), value = document.createElement("span");
        row.textContent = spots[i].textContent;
        value.textContent = spot.value;
        row.append(value);
        tip.append(row);
      });
      plot.classList.add("on");
      tip.hidden = false;
      const box = frame.getBoundingClientRect(), outer = plot.getBoundingClientRect();
      const at = box.left - outer.left + box.width * x / 100, width = tip.offsetWidth;
      const left = x > 50 ? at - width - 14 : at + 14;
      tip.style.left = Math.max(0, Math.min(outer.width - width, left)) + "px";
      const spotted = near.filter((spot) => spot !== undefined);
      // Not over the lines: below them where they are in the upper half.
      tip.classList.toggle("low", spotted.reduce((sum, spot) => sum + spot.y, 0) < 50 * spotted.length);
    }

    function hide() {
      shown = -1;
      plot.classList.remove("on");
      tip.hidden = true;
    }

    function point(event) {
      const box = frame.getBoundingClientRect();
      const x = 100 * (event.clientX - box.left) / box.width;
      let best = 0;
      points.forEach((point, i) => {
        if (Math.abs(point.x - x) < Math.abs(points[best].x - x)) best = i;
      });
      show(best);
    }

    frame.addEventListener("pointermove", point);
    frame.addEventListener("pointerdown", point);
    frame.addEventListener("pointerleave", (event) => { if (event.pointerType === "mouse") hide(); });
    frame.addEventListener("blur", hide);
    frame.addEventListener("focus", () => { if (shown < 0 && frame.matches(":focus-visible")) show(points.length - 1); });
    frame.addEventListener("keydown", (event) => {
      const moves = { ArrowLeft: shown - 1, ArrowRight: shown + 1, Home: 0, End: points.length - 1 };
      if (event.key === "Escape") hide();
      if (!(event.key in moves)) return;
      event.preventDefault();
      show(moves[event.key]);
    });
  }

  // Where the reader was is kept over a reload, by the section at the top of the window: the ones
  // above it may have grown. Where there is no storage, the browser keeps what it keeps.
  const place = "vggtrain " + location.pathname;

  function keep() {
    const top = [...document.querySelectorAll("section[id]")].filter((s) => s.getBoundingClientRect().top <= 0).pop();
    const open = [...document.querySelectorAll("details[open]")].map((d) => d.id);
    const figure = document.activeElement?.closest("figure[id]");
    const state = { by: scrollY, open, focused: figure?.id };
    if (top) Object.assign(state, { id: top.id, by: -top.getBoundingClientRect().top });
    try { sessionStorage.setItem(place, JSON.stringify(state)); } catch { /* no storage */ }
  }

  function restore() {
    let state = null;
    try {
      state = JSON.parse(sessionStorage.getItem(place));
      sessionStorage.removeItem(place);
    } catch { /* no storage */ }
    if (!state) return;
    for (const id of state.open) {
      const details = document.getElementById(id);
      if (details) details.open = true;
    }
    const figure = state.focused && document.getElementById(state.focused);
    figure?.querySelector(".frame").focus({ preventScroll: true });
    const section = state.id && document.getElementById(state.id);
    history.scrollRestoration = "manual";
    scrollTo(0, state.by + (section ? section.getBoundingClientRect().top + scrollY : 0));
  }

  // renew reloads the page when it is time to, somebody may see it, and nobody has used it for three
  // seconds; for a minute where something is selected or a value is shown, which would be gone.
  function renew(seconds, stale, written) {
    const loaded = Date.now();
    let used = 0;
    for (const name of ["pointermove", "pointerdown", "keydown", "wheel", "scroll", "selectionchange"]) {
      document.addEventListener(name, () => { used = Date.now(); }, { passive: true });
    }
    const reading = () => !getSelection().isCollapsed || document.querySelector(".plot.on") !== null;
    const look = () => {
      const now = Date.now(), late = now - written > 1000 * stale;
      document.getElementById("stale").hidden = !late;
      if (now - loaded < 1000 * (late ? Math.max(seconds, 60) : seconds) || document.hidden) return;
      if (now - used < (reading() ? 60000 : 3000)) return;
      keep();
      location.reload();
    };
    look();
    setInterval(look, 1000);
  }

  // Before follow, which would show a value as a chart takes the focus.
  restore();
  for (const plot of document.querySelectorAll(".plot")) follow(plot);
  const { reload, stale, written } = document.documentElement.dataset;
  if (reload) renew(Number(reload), Number(stale), Number(written));

  // On paper everything is open.
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = document.querySelectorAll("details:not([open])");
    for (const details of closed) details.open = true;
  });
  addEventListener("afterprint", () => {
    for (const details of closed) details.open = false;
  });
})();
