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

  addEventListener("load", async () => {
    await pause(100);
    const seen = {
      Width: innerWidth, ScrollY: scrollY, Open: document.querySelectorAll("details[open]").length,
      Dark: getComputedStyle(document.documentElement).backgroundColor === "rgb(18, 19, 22)",
      SeesNewsLate: document.getElementById("stale") !== null && !document.getElementById("stale").hidden,
    };
    const plots = [...document.querySelectorAll(".plot")];
    seen.Tips = plots.map((plot) => { point(plot, "pointermove", 0.5, "mouse"); return tip(plot); });
    seen.ScrollWidth = document.documentElement.scrollWidth; // with all tips
    seen.Wide = [...document.querySelectorAll("body *")].filter((e) => !inScroller(e) && e.getBoundingClientRect().right > innerWidth + 0.5)
      .map((e) => e.tagName + " " + e.className);
    for (const plot of plots) point(plot, "pointerleave", 0.5, "mouse");
    seen.Left = plots.every((plot) => tip(plot) === "hidden");
    if (plots.length > 0) {
      point(plots[0], "pointerdown", 0, "touch");
      seen.Touched = tip(plots[0]);
      seen.Keys = ["Home", "ArrowRight", "End"].map((key) => { press(plots[0], key); return tip(plots[0]); });
      press(plots[0], "Escape");
    }
    const pictures = [...document.images];
    seen.Pictures = pictures.length;
    seen.Broken = pictures.filter((i) => !i.complete || i.naturalWidth === 0 || i.getBoundingClientRect().width === 0).length;
    seen.Text = document.body.innerText;
    seen.Cells = [...document.querySelectorAll(".matrix tbody td")].map((c) => getComputedStyle(c).backgroundColor);
    seen.Troubles = troubles;
    parent.postMessage(JSON.stringify(seen), "*");
    // For the next time: as a reader who has scrolled and opened something.
    const closed = document.querySelector("details:not([open])");
    if (closed && seen.Open === 0) closed.open = true;
    if (scrollY === 0) scrollTo(0, 900);
  });
})();
