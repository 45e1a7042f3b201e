// A phrase in a coloured text, brushed by dragging, by a click on each end, or with Shift and the
// arrow keys. Marked at once; Python hears of it when it is complete.

function mountBrush(view, spanOf) {
  const { box } = view;
  Object.assign(view, { pressed: null, end: null, brush: null, brushTold: "" });
  const indexOf = (event) => {
    const el = view.data.brush ? spanOf(event) : null;
    return el ? Number(el.dataset.i) : null;
  };
  box.addEventListener("pointerdown", (event) => { view.pressed = indexOf(event); });
  box.addEventListener("pointerover", (event) => {
    const at = indexOf(event);
    if (view.pressed === null || at === null || !(event.buttons & 1)) return;
    if (at !== view.pressed) markBrush(view, view.pressed, at);
  });
  box.addEventListener("pointerup", (event) => {
    const [from, at] = [view.pressed, indexOf(event)];
    view.pressed = null;
    if (from === null || at === null) return;
    if (from === at) clickEnd(view, at);
    else sendBrush(view, from, at, 0);
  });
  box.addEventListener("pointercancel", () => { view.pressed = null; });
  box.addEventListener("pointerleave", () => { view.pressed = null; });
}

// The first click is one end, the second the other.
function clickEnd(view, at) {
  if (view.end === null) {
    view.end = at;
    view.local = at;
    markBrush(view, at, at);
  } else {
    sendBrush(view, view.end, at, 0);
  }
}

// With Shift the phrase grows from where the walk began; without, the walk only moves on.
function walkBrush(view, at, growing) {
  if (growing) {
    if (view.end === null) view.end = view.local ?? at;
    const from = view.end;
    sendBrush(view, from, at, KEY_PAUSE);
    view.end = from;
  } else {
    view.end = null;
  }
  view.local = at;
  mark(view, at);
}

function markBrush(view, from, to) {
  view.brush = [Math.min(from, to), Math.max(from, to)];
  view.spans.forEach((el, i) => {
    el.classList.toggle("brushed", i >= view.brush[0] && i <= view.brush[1]);
  });
}

function sendBrush(view, from, to, pause) {
  view.end = null;
  markBrush(view, from, to);
  clearTimeout(view.sending);
  view.sending = setTimeout(() => view.trigger("brush", view.brush), pause);
}

// What Python says counts when it says something new.
function showBrush(view) {
  const { brush } = view.data;
  view.box.classList.toggle("brushing", Boolean(brush));
  if (!brush) return;
  const told = brush.join();
  if (told !== view.brushTold) {
    view.brushTold = told;
    view.brush = brush;
  }
  markBrush(view, ...view.brush);
}
