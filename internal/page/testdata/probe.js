"use strict";
// Looks at the page from inside, does what a reader does, and tells the frame that holds the page:
// see visit in browser_test.go.
(() => {
  const troubles = [];
  addEventListener("error", (e) => troubles.push("error: " + (e.message || (e.target && e.target.tagName))), true);
  addEventListener("unhandledrejection", (e) => troubles.push("rejected: " + e.reason));
  addEventListener("securitypolicyviolation", (e) => troubles.push("policy: " + e.violatedDirective + " " + e.blockedURI));
  const complain = console.error;
  console.error = (...words) => { troubles.push("console: " + words.join(" ")); complain(...words); };

  const pause = (ms) => new Promise((done) => setTimeout(done, ms));
  const tip = (plot) => {
    const box = plot.querySelector(".tip");
    if (box.hidden || !box.getBoundingClientRect().width) return "hidden";
    return [...box.children].map((row) => [...row.childNodes].map((n) => n.textContent).join(" ")).join("|");
  };
  const point = (plot, type, part, pointerType) => {
    const frame = plot.querySelector(".frame"), box = frame.getBoundingClientRect();
    frame.dispatchEvent(new PointerEvent(type, { clientX: box.left + part * box.width, clientY: box.top + 20, pointerType, bubbles: true }));
  };
  const press = (plot, key) => plot.querySelector(".frame").dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  const inScroller = (e) => e.closest(".scroll, pre") !== null;
  const middle = (e) => { const box = e.getBoundingClientRect(); return [box.left + box.width / 2, box.top + box.height / 2]; };

  // rgba takes apart what getComputedStyle says of a colour: rgb(1, 2, 3) or rgba(1, 2, 3, 0.4).
  const rgba = (text) => { const c = (text.match(/[\d.]+/g) || [0, 0, 0, 0]).map(Number); return c.length < 4 ? [...c, 1] : c; };
  const over = (top, under) => [0, 1, 2].map((i) => top[3] * top[i] + (1 - top[3]) * under[i]);
  const ground = (e) => { // the colour behind an element, of all that is below it
    const c = rgba(getComputedStyle(e).backgroundColor);
    return c[3] === 1 || !e.parentElement ? c.slice(0, 3) : over(c, ground(e.parentElement));
  };
  const luminance = (c) => c.map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const contrast = (e, colour) => { // of WCAG 2.2
    const back = ground(e), [less, more] = [luminance(back), luminance(over(rgba(colour), back))].sort((a, b) => a - b);
    return (more + 0.05) / (less + 0.05);
  };
  const visible = (e) => e.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  const named = (e, what) => `${e.tagName} ${e.className.baseVal ?? e.className} ${what}`;
  const ownText = (e) => [...e.childNodes].filter((n) => n.nodeType === Node.TEXT_NODE).map((n) => n.data.trim()).join("");

  // faint are texts with less contrast than 4.5, large ones than 3, and lines and dots than 3.
  function faint() {
    const list = [];
    for (const e of document.querySelectorAll("body *")) {
      if (!visible(e) || e.matches("progress, title")) continue;
      const style = getComputedStyle(e), size = parseFloat(style.fontSize);
      const drawn = e.matches("path.line, circle.dot, .key line");
      if (!drawn && ownText(e) === "") continue;
      const least = drawn || size >= 24 || size >= 18.66 && style.fontWeight >= 700 ? 3 : 4.5;
      const colour = e.matches(".dot") && style.stroke === "none" || e.tagName === "text" ? style.fill : drawn ? style.stroke : style.color;
      const is = contrast(e, colour);
      if (!(is >= least)) list.push(named(e, `${ownText(e).slice(0, 20)}: ${is.toFixed(2)}`));
    }
    return list;
  }

  // unseen are lines that are not to be seen, and charts that no pointer or key can reach.
  function unseen() {
    const list = [];
    for (const line of document.querySelectorAll("path.line[d]:not([d=''])")) {
      if (getComputedStyle(line.parentElement).overflow !== "hidden") list.push(named(line, "may leave the plot"));
      if (!visible(line) || getComputedStyle(line).stroke === "none" || !(line.getBoundingClientRect().width > 0)) list.push(named(line, "is not drawn"));
    }
    for (const frame of document.querySelectorAll(".frame")) {
      frame.scrollIntoView();
      const over = document.elementFromPoint(...middle(frame));
      if (!over || over.closest(".frame") !== frame) list.push(named(frame, "is covered by " + (over && over.outerHTML.slice(0, 40))));
      frame.focus();
      if (document.activeElement !== frame || frame.getAttribute("tabindex") !== "0") list.push(named(frame, "takes no focus"));
      frame.blur();
    }
    scrollTo(0, 0);
    return list;
  }

  // astray are the dots of shown values that are not on their lines.
  function astray(plot) {
    const lines = plot.querySelectorAll("path.line");
    return [...plot.querySelectorAll(".spot")].flatMap((spot, i) => {
      if (!spot.classList.contains("on")) return [];
      const [x, y] = middle(spot), line = lines[i], toScreen = line.getScreenCTM(), all = line.getTotalLength();
      let least = Infinity;
      for (let k = 0; k <= 2000; k++) {
        const at = line.getPointAtLength(all * k / 2000).matrixTransform(toScreen);
        least = Math.min(least, Math.hypot(at.x - x, at.y - y));
      }
      return visible(spot) && least <= 3 ? [] : [named(spot, `${least.toFixed(1)} pixels off`)];
    });
  }

  // wide are the elements that stick out of the window, and tables of classes out of their frames.
  function wide() {
    const out = (e) => { const box = e.getBoundingClientRect(); return box.width > 0 && (box.right > innerWidth + 0.5 || box.left + scrollX < -0.5); };
    const cut = [...document.querySelectorAll(".classes")].filter((e) => e.offsetWidth > e.closest(".scroll").clientWidth);
    return [...document.querySelectorAll("body *")].filter((e) => !inScroller(e) && out(e)).concat(cut).map((e) => named(e, ""));
  }

  // While a page is loaded again, what is above the place of the reader grows, as it may in a run.
  // Of that place the page before says how far from the window's top it was. Not all browsers keep
  // it on their own, as Chromium does by its scroll anchors: there are none here.
  document.documentElement.style.overflowAnchor = "none";
  const before = JSON.parse(sessionStorage.getItem("probe"));
  const mark = () => document.getElementById("run").getBoundingClientRect().top;
  if (before) {
    new MutationObserver((_, observer) => {
      const header = document.querySelector("header");
      if (!header || !document.querySelector("main")) return;
      observer.disconnect();
      header.style.height = header.offsetHeight + 300 + "px";
    }).observe(document, { childList: true, subtree: true });
  }
  addEventListener("pagehide", () => sessionStorage.setItem("probe", JSON.stringify({ mark: mark() })));

  addEventListener("load", async () => {
    await pause(100);
    const seen = {
      Width: innerWidth, ScrollY: scrollY, Moved: before ? mark() - before.mark : 0, Open: document.querySelectorAll("details[open]").length,
      Dark: getComputedStyle(document.documentElement).backgroundColor === "rgb(18, 19, 22)",
      SeesNewsLate: document.getElementById("stale") !== null && !document.getElementById("stale").hidden,
    };
    seen.Focused = document.activeElement.closest("figure")?.id || "";
    const plots = [...document.querySelectorAll(".plot")];
    const closed = [...document.querySelectorAll("details:not([open])")];
    for (const details of closed) details.open = true;
    seen.Unseen = unseen();
    seen.Tips = plots.map((plot) => { point(plot, "pointermove", 0.5, "mouse"); return tip(plot); });
    seen.Astray = plots.flatMap(astray);
    seen.ScrollWidth = document.documentElement.scrollWidth; // with all tips
    seen.Wide = wide();
    seen.Faint = faint();
    for (const details of closed) details.open = false;
    for (const plot of plots) point(plot, "pointerleave", 0.5, "mouse");
    seen.Left = plots.every((plot) => tip(plot) === "hidden");
    if (plots.length > 0) {
      point(plots[0], "pointerdown", 0, "touch");
      seen.Touched = tip(plots[0]);
      seen.Keys = ["Home", "ArrowRight", "End"].map((key) => { press(plots[0], key); return tip(plots[0]); });
      press(plots[0], "Escape");
    }
    seen.Printed = ["beforeprint", "afterprint"].map((type) => {
      dispatchEvent(new Event(type));
      return document.querySelectorAll("details[open]").length;
    });
    const pictures = [...document.images];
    seen.Pictures = pictures.length;
    seen.Broken = pictures.filter((i) => !i.complete || i.naturalWidth === 0 || i.getBoundingClientRect().width === 0).length;
    seen.Text = document.body.innerText;
    seen.Cells = [...document.querySelectorAll(".matrix tbody td")].map((c) => getComputedStyle(c).backgroundColor);
    seen.Troubles = troubles;
    parent.postMessage(JSON.stringify(seen), "*");
    // For the next time: as a reader who has scrolled and opened something.
    const { reader } = document.documentElement.dataset;
    if (reader === "selects") return getSelection().selectAllChildren(document.querySelector("h1"));
    if (reader === "points") return point(plots[0], "pointermove", 0.5, "mouse");
    if (before) return scrollTo(0, seen.ScrollY);
    if (closed.length > 0) closed[0].open = true;
    if (plots.length > 0) plots[0].querySelector(".frame").focus();
    if (plots.length > 0) press(plots[0], "Escape");
    scrollTo(0, 900);
  });
})();
