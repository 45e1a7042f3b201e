// A walk along the points of a chart: a ring that moves with a trail behind it, played or dragged,
// without asking the server. Which traces these are is in the figure's layout.meta.walk; those in
// its `shapes` ({trace, x, y}, x and y a list of coordinates a point) change their form on the way.

const PACE = 170; // milliseconds a point
const TRAIL = 7; // points behind the ring

function mountWalk(plot, root) {
  const bar = root.querySelector(".live-plot-walk");
  const [button, slider, output] = bar.children;
  plot.walk = { bar, button, slider, output, at: 0, told: null, playing: false };
  button.addEventListener("click", () => (plot.walk.playing ? stopWalk(plot) : playWalk(plot)));
  slider.addEventListener("input", () => {
    pauseWalk(plot);
    moveTo(plot, Number(slider.value), 0);
  });
  slider.addEventListener("change", () => tellWalk(plot));
}

// Before a figure is drawn: where the ring stands in it. Python's word counts when it is new; a
// walk that is under way goes on.
function prepareWalk(plot, figure) {
  const { walk, data } = plot;
  const meta = figure.layout.meta?.walk;
  walk.meta = meta || null;
  walk.bar.hidden = !meta;
  if (!meta) {
    pauseWalk(plot);
    return;
  }
  const path = figure.data[meta.path];
  [walk.x, walk.y, walk.names] = [path.x, path.y, path.text || []];
  const told = `${data.rev} ${meta.at}`;
  if (told !== walk.told && !walk.playing) walk.at = meta.at;
  walk.told = told;
  walk.at = Math.max(0, Math.min(walk.at, walk.x.length - 1));
  const places = placesOf(walk);
  tracesOf(walk).forEach((trace, i) => Object.assign(figure.data[trace], places[i]));
  walk.slider.max = walk.x.length - 1;
  showWalk(plot);
}

// The trail always has as many points, so that each slides on to the next one's place.
function placesOf({ x, y, at, meta }) {
  const index = Array.from({ length: TRAIL }, (_, i) => Math.max(0, at - TRAIL + 1 + i));
  return [{ x: index.map((i) => x[i]), y: index.map((i) => y[i]) }, { x: [x[at]], y: [y[at]] },
    ...(meta.shapes || []).map((shape) => ({ x: shape.x[at], y: shape.y[at] }))];
}

function tracesOf({ meta }) {
  return [meta.trail, meta.ring, ...(meta.shapes || []).map((shape) => shape.trace)];
}

function showWalk({ walk, data }) {
  const [play, pause, place] = data.walk;
  walk.button.textContent = walk.playing ? `❚❚ ${pause}` : `▶ ${play}`;
  walk.slider.value = walk.at;
  walk.slider.setAttribute("aria-label", place);
  // names are markup of Plotly's, escaped for it: read as text, not as elements
  const name = new DOMParser().parseFromString(walk.names[walk.at] || "", "text/html");
  walk.output.textContent = name.body.textContent;
  walk.slider.setAttribute("aria-valuetext", `${walk.at + 1} ${walk.output.textContent}`);
}

function moveTo(plot, at, duration) {
  const { walk, el } = plot;
  walk.at = at;
  showWalk(plot);
  tellHover(plot.data.link, at, plot);
  const smooth = calm.matches ? 0 : duration;
  // what interrupts a transition rejects it, and nothing is wrong
  window.Plotly.animate(el, { data: placesOf(walk), traces: tracesOf(walk) }, {
    transition: { duration: smooth, easing: "linear" },
    frame: { duration: smooth, redraw: false }, mode: "immediate",
  }).catch(() => {});
}

function playWalk(plot) {
  const { walk } = plot;
  if (!walk.meta || !window.Plotly) return;
  if (walk.at >= walk.x.length - 1) moveTo(plot, 0, 0);
  walk.playing = true;
  showWalk(plot);
  walk.timer = setInterval(() => {
    if (walk.at >= walk.x.length - 1) stopWalk(plot);
    else moveTo(plot, walk.at + 1, PACE);
  }, PACE);
}

function pauseWalk({ walk }) {
  clearInterval(walk.timer);
  walk.playing = false;
}

function stopWalk(plot) {
  pauseWalk(plot);
  showWalk(plot);
  tellWalk(plot);
}

function tellWalk(plot) {
  const { walk } = plot;
  plot.send("click",
    { trace: walk.meta.path, index: walk.at, x: walk.x[walk.at], y: walk.y[walk.at] });
}
