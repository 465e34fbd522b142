// Measures everything that can be tapped inside `root`, with the part of it that is in view and what lies over that part,
// and the text that is too small or not wholly there. Runs in the page.
(root) => {
  const place = document.querySelector(root);
  const TARGETS = "button, a[href], input, textarea, select, [role=button], [role=radio], [role=switch]";
  const SLIVER = 8; // [px] nobody takes so little for a key
  const VALUES = ".value b, .card-values b, .tile-value, .big, .card-big";

  const numbers = (box) => [box.left, box.top, box.right - box.left, box.bottom - box.top].map((n) => Math.round(n * 10) / 10);
  const meet = (a, b) => ({
    left: Math.max(a.left, b.left),
    top: Math.max(a.top, b.top),
    right: Math.min(a.right, b.right),
    bottom: Math.min(a.bottom, b.bottom),
  });
  const visible = (node) => node.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && !node.closest(".unseen");
  const called = (node) =>
    node.getAttribute("aria-label") || node.innerText?.replace(/\s+/g, " ").trim() || node.getAttribute("placeholder") || "";

  function pathOf(node) {
    const path = [];
    for (let at = node; at && at !== place; at = at.parentElement) {
      path.unshift([at.tagName.toLowerCase(), ...at.classList].join("."));
    }
    return path.join(" ");
  }

  // Bars that stay at the top: what has scrolled under one is out of view.
  const bars = [...place.querySelectorAll("*")].filter((node) => getComputedStyle(node).position === "sticky");
  const under = (node) => Math.max(0, ...bars.filter((bar) => !bar.contains(node)).map((bar) => bar.getBoundingClientRect()).filter((box) => box.top <= 120).map((box) => box.bottom));

  // The part of a node that no scrolling ancestor, no bar and no edge of the window hides.
  function inView(node) {
    let box = meet(node.getBoundingClientRect(), { left: 0, top: 0, right: innerWidth, bottom: innerHeight });
    for (let at = node.parentElement; at; at = at.parentElement) {
      if (getComputedStyle(at).overflow !== "visible") box = meet(box, at.getBoundingClientRect());
      if (getComputedStyle(at).position === "fixed") break;
    }
    if (!bars.some((bar) => bar.contains(node))) box.top = Math.max(box.top, under(node));
    return box.right - box.left > SLIVER && box.bottom - box.top > SLIVER ? box : null;
  }

  // What a finger would hit instead, at the middle and at the edges of what is in view.
  function over(node, seen) {
    const x = (seen.left + seen.right) / 2;
    const y = (seen.top + seen.bottom) / 2;
    for (const [dx, dy] of [[0, 0], [seen.left + 2 - x, 0], [seen.right - 2 - x, 0], [0, seen.top + 2 - y], [0, seen.bottom - 2 - y]]) {
      const hit = document.elementFromPoint(x + dx, y + dy);
      if (hit && hit !== node && !node.contains(hit)) return hit;
    }
    return null;
  }

  const targets = [...place.querySelectorAll(TARGETS)].filter(visible).map((node) => {
    const seen = inView(node);
    const hit = seen && over(node, seen);
    const sheet = hit?.closest(".sheet, .pad-overlay");
    return {
      name: called(node),
      path: pathOf(node),
      box: numbers(node.getBoundingClientRect()),
      seen: seen ? numbers(seen) : null,
      covered: hit ? pathOf(hit) : "",
      under_sheet: Boolean(sheet) && !sheet.contains(node),
    };
  });

  const small = [];
  const cut = [];
  const walk = document.createTreeWalker(place, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const node = walk.currentNode.parentElement;
    const text = walk.currentNode.data.trim();
    if (!text || !visible(node)) continue;
    const size = getComputedStyle(node).fontSize;
    if (parseFloat(size) < 14) small.push({ text, size, path: pathOf(node) });
    if (shortened(node) || sticksOut(node, walk.currentNode)) cut.push({ text, path: pathOf(node) });
  }

  // Ended by "…" or by the edge of its own box.
  function shortened(node) {
    const style = getComputedStyle(node);
    if (style.overflowX !== "hidden" && style.overflowX !== "clip") return false;
    return node.scrollWidth > node.clientWidth + 1 || node.scrollHeight > node.clientHeight + 3;
  }

  // Beyond the sides of the key that it names, or of what it stands in.
  function sticksOut(node, text) {
    let frame = node;
    while (frame !== place && getComputedStyle(frame).overflowX === "visible" && !frame.matches("button, a")) frame = frame.parentElement;
    if (frame === place || ["auto", "scroll"].includes(getComputedStyle(frame).overflowX)) return false;
    const range = document.createRange();
    range.selectNodeContents(text);
    const box = range.getBoundingClientRect();
    const edge = frame.getBoundingClientRect();
    return box.left < edge.left - 1 || box.right > edge.right + 1;
  }

  const scroller = place === document.body ? document.documentElement : place;
  return {
    targets,
    small,
    cut,
    width: [scroller.scrollWidth, scroller.clientWidth],
    values: [...place.querySelectorAll(VALUES)].filter(visible).map((node) => [node.textContent, parseFloat(getComputedStyle(node).fontSize)]),
  };
}
