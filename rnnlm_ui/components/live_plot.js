// A Plotly chart that stays in the page: refreshed in place, zoom kept, light or dark.

const NARROW = 480;
const HOVER_PAUSE = 120;
const RETRY_AFTER = 5000;
const PLAIN_KEYS = new Set(["x", "y", "z", "text", "hovertext", "hovertemplate", "texttemplate",
  "customdata", "name", "ticktext", "tickvals", "meta", "ids", "labels"]);
const CONFIG = { displaylogo: false, doubleClick: "autosize",
  modeBarButtons: [["zoom2d", "pan2d", "zoomIn2d", "zoomOut2d", "autoScale2d"]] };

const SCRIPT = "app/static/plotly.min.js";
const MOVED_WITHIN = 3000; // ms in which a chart that left the page comes back elsewhere in it

const plots = new WeakMap();
const waiting = new Set(); // without the script: drawn with the next chart that has it
const zoomed = new Map(); // by chart and uirevision: the view, the plot that has it, when it left
let loading = null;

// The app's address: Streamlit's own scripts lie under it, whatever page the reader is on.
function base() {
  const own = performance.getEntriesByType("resource")
    .map((entry) => /^(.*\/)static\/js\/index\.[^/]*\.js/.exec(entry.name))
    .find((match) => match && match[1].startsWith(location.origin));
  return own ? own[1] : new URL(".", document.baseURI).href;
}

function plotly() {
  if (window.Plotly) return Promise.resolve(window.Plotly);
  if (loading && !(loading.failed && Date.now() - loading.failed > RETRY_AFTER)) {
    return loading.promise;
  }
  const state = (loading = { failed: 0 });
  state.promise = new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = base() + SCRIPT;
    const fail = () => {
      state.failed = Date.now();
      script.remove();
      reject(new Error("plotly.min.js did not load"));
    };
    script.onload = () => (window.Plotly ? resolve(window.Plotly) : fail());
    script.onerror = fail;
    document.head.append(script);
  });
  return state.promise;
}

// In place, and only where colours stand: a character "#FFFFFF" in a text must stay what it is.
function darken(node) {
  for (const key of Object.keys(node)) {
    const value = node[key];
    if (typeof value === "string") {
      if (PLAIN_KEYS.has(key)) {
        if (key !== "meta") {
          node[key] = value.replace(/(<span style=["'][^"'>]*)(#[0-9A-Fa-f]{6})/g,
            (_, before, hex) => before + swap(hex));
        }
      } else if (/^#[0-9A-Fa-f]{6}([0-9A-Fa-f]{2})?$/.test(value)) {
        node[key] = swap(value);
      }
    } else if (value && typeof value === "object" && !PLAIN_KEYS.has(key)) {
      darken(value);
    }
  }
}

function narrowed(layout) {
  Object.assign((layout.margin = layout.margin || {}), layout.meta?.narrow || {});
  for (const [axis, change] of Object.entries(layout.meta?.narrow_axes || {}))
    Object.assign((layout[axis] = layout[axis] || {}), change);
  for (const note of layout.annotations || []) if (note.name) note.text = note.name;
}

// As many columns as fit. Where the reader has panned to stays the left edge when the width changes.
function fitColumns(plot, figure, width) {
  const axis = (figure.layout.xaxis = figure.layout.xaxis || {});
  const margin = { ...figure.layout.template?.layout?.margin, ...figure.layout.margin };
  const inner = plot.el._fullLayout?._size?.w || width - (margin.l || 56) - (margin.r || 16);
  const count = Math.max(1, Math.floor(inner / plot.data.cell));
  if (count !== plot.columns) {
    const left = plot.columns ? plot.el.layout.xaxis.range[0] : axis.range?.[0] ?? -0.5;
    plot.columns = count;
    plot.range = [left, left + count];
  }
  axis.range = [...plot.range];
  axis.autorange = false;
  figure.layout.dragmode = "pan";
  (figure.layout.yaxis = figure.layout.yaxis || {}).fixedrange = true;
}

// Where the reader has zoomed to. Plotly's uirevision alone gives a range back as soon as the next
// figure brings another one, and a live axis grows at every refresh.
function keepView(plot, layout) {
  const revision = `${plot.data.key} ${layout.uirevision}`;
  if (revision !== plot.revision) {
    const kept = plot.revision === undefined ? zoomed.get(revision) : undefined;
    const moved = kept && performance.now() - kept.left < MOVED_WITHIN;
    plot.view = moved ? kept.view : {};
    if (moved) zoomed.set(revision, { view: kept.view, plot, left: Infinity });
  }
  plot.revision = revision;
  for (const [axis, range] of Object.entries(plot.view)) {
    layout[axis] = { ...layout[axis], range: [...range], autorange: false };
  }
}

function rememberView(plot, event) {
  const before = Object.keys(plot.view).length;
  for (const name of Object.keys(event)) {
    const axis = /^([xy]axis\d*)\./.exec(name)?.[1];
    if (axis && name.endsWith(".autorange")) delete plot.view[axis];
    else if (axis) plot.view[axis] = [...plot.el._fullLayout[axis].range];
  }
  zoomed.set(plot.revision, { view: plot.view, plot, left: Infinity });
  if (Object.keys(plot.view).length < before) draw(plot); // back to what the figure says
}

function figureOf(plot) {
  const figure = JSON.parse(plot.data.figure);
  if (isDark(plot.el)) darken(figure);
  return figure;
}

function draw(plot) {
  const { el, data } = plot;
  say(plot, "");
  const width = el.clientWidth;
  if (!window.Plotly || !width) return; // hidden, in a closed tab for example: drawn when shown
  try {
    const figure = figureOf(plot);
    figure.layout.width = width;
    figure.layout.height = data.height;
    if (calm.matches) delete figure.layout.transition;
    if (width < NARROW) narrowed(figure.layout);
    if (data.cell) fitColumns(plot, figure, width);
    else keepView(plot, figure.layout);
    if (!data.cell && matchMedia("(pointer: coarse)").matches) figure.layout.dragmode ??= false;
    // over a phone's chart, or over letters, the buttons would hide what they are for
    const config = { ...CONFIG, displayModeBar: width < NARROW || data.cell ? false : "hover" };
    plot.width = width;
    prepareWalk(plot, figure);
    plot.drawing = true;
    plot.pending = Promise.resolve(window.Plotly.react(el, figure.data, figure.layout, config))
      .then(() => drawn(plot), () => say(plot, data.broken))
      .finally(() => { plot.drawing = false; });
  } catch {
    say(plot, data.broken);
  }
}

function drawn(plot) {
  const { el, data } = plot;
  el.dataset.drawn = data.rev;
  el.dataset.theme = isDark(el) ? "dark" : "light";
  // Plotly's buttons would be stops for the Tab key inside what is one picture
  for (const button of el.querySelectorAll(".modebar-btn")) button.tabIndex = -1;
  if (plot.listening) return;
  plot.listening = true;
  el.on("plotly_click", (event) => plot.send("click", pointOf(event)));
  el.on("plotly_hover", (event) => {
    tellHover(plot.data.link, tokenOf(plot, event), plot);
    clearTimeout(plot.hover);
    plot.hover = setTimeout(() => plot.send("hover", pointOf(event)), HOVER_PAUSE);
  });
  el.on("plotly_unhover", () => tellHover(plot.data.link, null, plot));
  el.on("plotly_relayout", (event) => {
    if (plot.drawing) return;
    if (!plot.data.cell) rememberView(plot, event);
    plot.send("relayout", rangeOf(el));
  });
}

function pointOf(event) {
  const point = event.points?.[0];
  return point && { trace: point.curveNumber, index: point.pointIndex ?? point.pointNumber,
    x: point.x, y: point.y };
}

// -- the token that is pointed at, here or in another view of the same text ----------------------
function tokenOf(plot, event) {
  const { trace, index } = pointOf(event) || {};
  if (Array.isArray(index)) return index[1];
  return trace === plot.el.layout.meta?.linked ? index : null;
}

// A column of a heatmap, else the point of the linked trace; drawn over the chart, so that nothing
// is laid out again.
function showHover(plot, token) {
  const { el, cursor } = plot;
  const { xaxis: x, yaxis: y } = el._fullLayout || {};
  const trace = el._fullData?.[el.layout.meta?.linked ?? 0];
  cursor.hidden = token === null || !trace;
  if (cursor.hidden) return;
  const heat = trace.type === "heatmap";
  const place = heat ? token : trace.x[token];
  const wide = heat ? x.l2p(1) - x.l2p(0) : 16;
  const left = x._offset + x.l2p(place) - wide / 2;
  const high = heat ? y._length : 16;
  const top = heat ? y._offset : y._offset + y.d2p(trace.y[token]) - high / 2;
  cursor.hidden = !(left >= x._offset - 8 && left + wide <= x._offset + x._length + 8);
  cursor.classList.toggle("round", !heat);
  Object.assign(cursor.style, { left: `${left}px`, top: `${top}px`, width: `${wide}px`,
    height: `${high}px` });
}

function rangeOf(el) {
  const range = (axis) => (axis && !axis.autorange && axis.range ? axis.range.map(Number) : null);
  return { x: range(el._fullLayout?.xaxis), y: range(el._fullLayout?.yaxis) };
}

function say(plot, sentence) {
  plot.note.textContent = sentence;
  plot.note.hidden = !sentence;
  plot.el.hidden = Boolean(sentence);
}

function mount(root) {
  const plot = { el: root.querySelector(".live-plot"), note: root.querySelector(".live-plot-note"),
    cursor: root.querySelector(".live-plot-cursor"), view: {} };
  exportMenu(plot, root);
  plot.unlink = onHover((link, token, from) => {
    if (link === plot.data.link && from !== plot) showHover(plot, token);
  });
  plot.send = (name, value) => {
    if (value && plot.data.on.includes(name)) plot.trigger(name, value);
  };
  mountWalk(plot, root);
  plot.resize = new ResizeObserver(() => {
    if (plot.el.clientWidth && plot.el.clientWidth !== plot.width) {
      cancelAnimationFrame(plot.frame);
      plot.frame = requestAnimationFrame(() => draw(plot));
    }
  });
  plot.resize.observe(plot.el);
  plot.unwatch = onThemeChange(plot.el, () => draw(plot));
  plots.set(root, plot);
  return plot;
}

function unmount(root, plot) {
  plots.delete(root);
  waiting.delete(plot);
  plot.resize.disconnect();
  plot.unwatch();
  plot.unlink();
  clearTimeout(plot.hover);
  pauseWalk(plot);
  cancelAnimationFrame(plot.frame);
  // emptied while it is still being drawn, Plotly would measure labels that are gone
  Promise.resolve(plot.pending).finally(() => window.Plotly?.purge(plot.el));
  const kept = zoomed.get(plot.revision);
  if (kept?.plot === plot) kept.left = performance.now();
}

export default function ({ data, parentElement, setTriggerValue }) {
  const plot = plots.get(parentElement) || mount(parentElement);
  plot.data = data;
  plot.trigger = setTriggerValue;
  plot.el.style.height = `${data.height}px`;
  plot.el.setAttribute("aria-label", data.alt);
  const opener = parentElement.querySelector(".live-plot-save > button");
  opener.title = data.save;
  opener.setAttribute("aria-label", data.save);
  plotly().then(() => {
    waiting.add(plot);
    for (const one of waiting) draw(one);
    waiting.clear();
  }, () => {
    waiting.add(plot);
    say(plot, data.failed);
  });
  return () => unmount(parentElement, plot);
}
