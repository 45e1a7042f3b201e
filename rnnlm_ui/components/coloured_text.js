// Text as one <span> a character: coloured and extended in place, clicked, walked with the keys.
// Foreign text is written with textContent only.

const TYPING = 60; // milliseconds a character
const KEY_PAUSE = 250; // Python hears of a walk with the arrow keys when it rests
const FILL = /^#[0-9A-Fa-f]{6}([0-9A-Fa-f]{2})?$/;
// Control characters, and those that would reorder or hide what follows.
const HIDDEN =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]/;
const SIGN = /[⏎⇥]/; // two columns wide
const FOREIGN = /[^\u0020-\u024f\u0300-\u036f]/u;
const WIDE = new RegExp("[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f"
  + "\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]", "u");

const texts = new WeakMap();
let count = 0;

function span(character, index, view) {
  const el = document.createElement("span");
  el.id = `${view.id}-${index}`;
  el.setAttribute("role", "option");
  el.dataset.i = index;
  const { words } = view.data;
  let spoken = null;
  el.textContent = character;
  if (view.data.lines) {
    if (character === "\n") return el;
    // a sign of another font must not move what stands below each other
    if (SIGN.test(character)) el.className = "sign";
    else if (FOREIGN.test(character)) el.className = WIDE.test(character) ? "two" : "one";
  }
  if (character === "\n") [el.dataset.mark, spoken] = ["⏎", words.newline];
  else if (character === "\t") [el.dataset.mark, spoken] = ["⇥", words.tab];
  else if (character === " ") spoken = words.space;
  else if (HIDDEN.test(character) && character.length === 1) {
    el.textContent = "◌";
    spoken = `U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
  }
  if (spoken) el.setAttribute("aria-label", spoken);
  return el;
}

// Keeps what the old and the new text begin with, so that a growing text only appends.
function write(view) {
  const characters = Array.from(view.data.text); // of a string its characters, of a list its parts
  let same = 0;
  const most = Math.min(characters.length, view.characters.length);
  while (same < most && characters[same] === view.characters[same]) same += 1;
  if (same < view.characters.length) {
    for (const el of view.spans.splice(same)) el.remove();
    if (view.local === null || view.local >= same) view.told = undefined;
    hideTip(view);
  }
  const added = document.createDocumentFragment();
  for (let i = same; i < characters.length; i += 1) {
    const el = span(characters[i], i, view);
    view.spans.push(el);
    added.append(el);
  }
  // at the end, whatever is still being typed: the cursor may stand before letters to come
  view.box.append(added, view.cursor);
  view.characters = characters;
}

// While a character with fills of its own for the text is pointed at, those; else the usual ones.
function shownFills(view) {
  const { fills, over, owners } = view.data;
  if (view.over === null || !over.length) return fills;
  const row = over[view.over] || [];
  return owners.map((token) => row[token]);
}

function colour(view) {
  const { bands, prompt, marked } = view.data;
  const fills = shownFills(view);
  const dark = isDark(view.box);
  view.spans.forEach((el, i) => {
    const fill = FILL.test(fills[i]) ? fills[i] : "";
    if (el.fill !== fill || el.dark !== dark) {
      el.style.backgroundColor = fill && dark ? swap(fill) : fill;
      el.fill = fill;
    }
    const band = FILL.test(bands[i]) ? bands[i] : "";
    if (el.band !== band || el.dark !== dark) {
      el.style.boxShadow = band && `inset 0 -0.32em 0 ${dark ? swap(band) : band}`;
      el.band = band;
    }
    el.dark = dark;
    el.classList.toggle("prompt", i < prompt);
    el.classList.toggle("marked", Boolean(marked) && marked[0] <= i && i < marked[1]);
  });
  const { legend } = view.data;
  view.legend.hidden = !legend;
  if (legend) {
    const [low, bar, high] = view.legend.children;
    low.textContent = legend[0];
    high.textContent = legend[1];
    bar.style.background = dark ? swap(legend[2]) : legend[2];
  }
}

// What Python says counts when it says something new; until then the reader's own choice stays.
function select(view) {
  const { selected } = view.data;
  if (selected !== view.told) {
    view.told = selected;
    view.local = selected;
  }
  mark(view, view.local);
}

function mark(view, index) {
  const next = index === null ? null : view.spans[index] || null;
  if (view.marked !== next) {
    view.marked?.removeAttribute("aria-selected");
    next?.setAttribute("aria-selected", "true");
    view.marked = next;
  }
  if (next) view.box.setAttribute("aria-activedescendant", next.id);
  else view.box.removeAttribute("aria-activedescendant");
}

function choose(view, index, pause) {
  view.local = index;
  mark(view, index);
  clearTimeout(view.sending);
  view.sending = setTimeout(() => view.trigger("click", index), pause);
}

// -- typing out what is already known ---------------------------------------------------------
function type(view) {
  const { stream, text } = view.data;
  if (stream === null || view.typed === text) return;
  view.typed = text;
  clearInterval(view.typing);
  if (calm.matches) return;
  const start = performance.now();
  const step = () => {
    const shown = stream + Math.floor((performance.now() - start) / TYPING);
    view.spans.forEach((el, i) => el.classList.toggle("later", i >= shown));
    const done = shown >= view.spans.length;
    view.box.insertBefore(view.cursor, done ? null : view.spans[shown]);
    if (done) clearInterval(view.typing);
  };
  step();
  view.typing = setInterval(step, TYPING);
}

// -- the token that is pointed at, here or in another view of the same text ----------------------
function ownerOf(view, el) {
  return el ? view.data.owners[Number(el.dataset.i)] ?? null : null;
}

function showHover(view, token) {
  for (const el of view.hovered) el.classList.remove("pointed");
  view.hovered = token === null ? []
    : view.spans.filter((_, i) => view.data.owners[i] === token);
  for (const el of view.hovered) el.classList.add("pointed");
}

function pointAt(view, el) {
  const token = ownerOf(view, el);
  tellHover(view.data.link, token, view);
  if (!view.data.over.length || token === view.over) return;
  view.over = token;
  showHover(view, token);
  colour(view);
}

// -- what a character says about itself -------------------------------------------------------
function showTip(view, el) {
  const words = el && view.data.tips?.[Number(el.dataset.i)];
  if (!words) {
    hideTip(view);
    return;
  }
  const { tip } = view;
  tip.textContent = words;
  tip.hidden = false;
  const at = el.getBoundingClientRect();
  const size = tip.getBoundingClientRect();
  const left = at.left + at.width / 2 - size.width / 2;
  const above = at.top - size.height - 6;
  tip.style.left = `${Math.max(4, Math.min(left, innerWidth - size.width - 4))}px`;
  tip.style.top = `${above < 4 ? at.bottom + 6 : above}px`;
}

function hideTip(view) {
  view.tip.hidden = true;
}

// -- keys -------------------------------------------------------------------------------------
// The nearest character in the line above (-1) or below (1).
function lineStep(view, from, direction) {
  const middle = (el) => {
    const at = el.getClientRects()[0] || el.getBoundingClientRect();
    return [at.left + at.width / 2, at.top];
  };
  const [x, y] = middle(view.spans[from]);
  let line = null;
  let best = from;
  let distance = Infinity;
  for (let i = from + direction; i >= 0 && i < view.spans.length; i += direction) {
    const [left, top] = middle(view.spans[i]);
    if (line === null && Math.abs(top - y) > 4) line = top;
    if (line !== null && Math.abs(top - line) > 4) break;
    if (line !== null && Math.abs(left - x) < distance) [best, distance] = [i, Math.abs(left - x)];
  }
  return best;
}

function onKey(view, event) {
  const last = view.spans.length - 1;
  if (last < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
  const at = view.local ?? (event.key === "ArrowLeft" || event.key === "ArrowUp" ? last + 1 : -1);
  const inside = Math.min(last, Math.max(0, at));
  const steps = {
    ArrowRight: () => Math.min(last, at + 1),
    ArrowLeft: () => Math.max(0, at - 1),
    ArrowDown: () => (at < 0 ? 0 : lineStep(view, inside, 1)),
    ArrowUp: () => (at > last ? last : lineStep(view, inside, -1)),
    Home: () => 0,
    End: () => last,
  };
  if (event.key === "Escape") return hideTip(view);
  if (event.key === "Enter" || event.key === " ") {
    event.preventDefault();
    if (view.data.brush) clickEnd(view, inside);
    else choose(view, inside, 0);
  } else if (steps[event.key]) {
    event.preventDefault();
    if (view.data.brush) walkBrush(view, steps[event.key](), event.shiftKey);
    else choose(view, steps[event.key](), KEY_PAUSE);
    view.spans[view.local].scrollIntoView({ block: "nearest" });
    showTip(view, view.spans[view.local]);
  }
}

function mount(root) {
  const view = {
    id: `coloured-text-${(count += 1)}`, characters: [], spans: [], hovered: [], local: null, told: null,
    over: null,
    box: root.querySelector(".coloured-text"), legend: root.querySelector(".coloured-legend"),
    tip: root.querySelector(".coloured-tip"), cursor: root.querySelector(".coloured-cursor"),
  };
  const spanOf = (event) => event.target.closest?.("span[data-i]");
  view.box.addEventListener("click", (event) => {
    const el = spanOf(event);
    if (el && !view.data.brush && getSelection().isCollapsed) choose(view, Number(el.dataset.i), 0);
  });
  view.box.addEventListener("pointerover", (event) => {
    showTip(view, spanOf(event));
    pointAt(view, spanOf(event));
  });
  view.box.addEventListener("pointerleave", () => {
    hideTip(view);
    pointAt(view, null);
  });
  view.unlink = onHover((link, token, from) => {
    if (link === view.data.link && from !== view) showHover(view, token);
  });
  view.box.addEventListener("blur", () => hideTip(view));
  view.box.addEventListener("keydown", (event) => onKey(view, event));
  mountBrush(view, spanOf);
  view.scroll = () => hideTip(view);
  addEventListener("scroll", view.scroll, { capture: true, passive: true });
  view.unwatch = onThemeChange(view.box, () => colour(view));
  texts.set(root, view);
  return view;
}

function unmount(root, view) {
  texts.delete(root);
  clearInterval(view.typing);
  clearTimeout(view.sending);
  removeEventListener("scroll", view.scroll, { capture: true });
  view.unwatch();
  view.unlink();
  // the same place may be mounted again: no letter and no listener of this view may be left in it
  const empty = view.box.cloneNode(false);
  empty.append(view.cursor);
  view.box.replaceWith(empty);
}

export default function ({ data, parentElement, setTriggerValue }) {
  const view = texts.get(parentElement) || mount(parentElement);
  view.data = { ...data, words: Object.fromEntries(data.words) };
  view.trigger = setTriggerValue;
  view.box.style.setProperty("--size", data.size);
  view.box.setAttribute("aria-label", data.label);
  view.box.classList.toggle("lines", data.lines);
  view.box.setAttribute("role", data.text ? "listbox" : "group");
  write(view);
  colour(view);
  view.cursor.hidden = !data.cursor;
  type(view);
  select(view);
  showBrush(view);
  return () => unmount(parentElement, view);
}
