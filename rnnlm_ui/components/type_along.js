// A box to type in, and what the network would put behind the cursor: Tab takes it.
// Foreign text is written with textContent only.

const PAUSE = 70; // milliseconds: keys that follow each other faster are sent together

const boxes = new WeakMap();

function tellTyped(view) {
  clearTimeout(view.sending);
  view.number += 1;
  view.asked = { number: view.number, text: view.area.value, at: performance.now() };
  view.send("typed", { number: view.number, text: view.area.value });
}

// What is shown behind the text, as long as it goes on from what is typed.
function ghostOf(view) {
  const typed = view.area.value;
  const { base, ghost } = view.known;
  const whole = base + ghost;
  return typed.length >= base.length && whole.startsWith(typed) ? whole.slice(typed.length) : "";
}

function paint(view) {
  const { area } = view;
  const atEnd = area.selectionStart === area.value.length && area.selectionEnd === area.value.length;
  view.shown = view.dismissed === area.value || view.composing || !atEnd ? "" : ghostOf(view);
  view.typed.textContent = area.value;
  view.ghost.textContent = view.shown.replaceAll("\n", "⏎").replaceAll("\t", "⇥");
  view.take.hidden = !view.shown;
  grow(view);
}

// As high as what is typed and proposed, within the bounds of the style.
function grow(view) {
  view.area.style.height = "auto";
  view.area.style.height = `${Math.max(view.area.scrollHeight, view.back.scrollHeight) + 2}px`;
  view.back.scrollTop = view.area.scrollTop;
}

function heard(view) {
  if (view.composing) return;
  paint(view);
  clearTimeout(view.sending);
  view.sending = setTimeout(() => tellTyped(view), PAUSE);
}

function insert(view, text) {
  const { area } = view;
  const end = area.value.length;
  area.setRangeText(text, end, end, "end");
  heard(view);
}

// The next word of it, with the gap before it; a line break alone.
function nextWord(text) {
  return (text.match(/^\n|^[^\S\n]*[^\s]+|^[^\S\n]+/u) || [text])[0];
}

function onTypeKey(view, event) {
  if (!view.shown || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const takes = { Tab: () => view.shown, ArrowRight: () => nextWord(view.shown) };
  if (event.key === "Escape") {
    view.dismissed = view.area.value;
    paint(view);
  } else if (takes[event.key] && !event.shiftKey) {
    event.preventDefault();
    insert(view, takes[event.key]());
  }
}

function mountBox(root, data) {
  const [area] = root.getElementsByTagName("textarea");
  const view = {
    area, number: Number(Object.fromEntries(data.answer).number), known: { base: "", ghost: "" }, shown: "", dismissed: null, composing: false,
    back: root.querySelector(".back"), typed: root.querySelector(".typed"),
    ghost: root.querySelector(".ghost"), foot: root.querySelector(".said"),
    take: root.querySelector("button"), gone: new AbortController(),
  };
  const { signal } = view.gone; // the same box may be mounted again
  if (!boxes.has(area)) area.value = data.start; // what is typed in it stays
  boxes.set(area, true);
  area.addEventListener("input", () => heard(view), { signal });
  area.addEventListener("keydown", (event) => onTypeKey(view, event), { signal });
  area.addEventListener("scroll", () => { view.back.scrollTop = area.scrollTop; }, { signal });
  for (const name of ["select", "click", "keyup"]) {
    area.addEventListener(name, () => paint(view), { signal });
  }
  area.addEventListener("compositionstart", () => { view.composing = true; paint(view); },
    { signal });
  area.addEventListener("compositionend", () => { view.composing = false; heard(view); },
    { signal });
  view.take.addEventListener("click", () => {
    const { shown } = view;
    area.focus();
    insert(view, shown);
  }, { signal });
  boxes.set(root, view);
  return view;
}

// What Python says counts for the newest text it was asked about; the time is that of the whole way.
function hearAnswer(view, { number, base, ghost }) {
  if (number === view.answered) return;
  view.answered = number;
  view.known = { base, ghost };
  if (view.asked?.number === number) {
    const took = Math.round(performance.now() - view.asked.at);
    view.foot.textContent = view.words.said.replace("{ms}", took);
    view.foot.dataset.ms = took;
  }
}

export default function ({ data, parentElement, setTriggerValue }) {
  const view = boxes.get(parentElement) || mountBox(parentElement, data);
  view.words = Object.fromEntries(data.words);
  view.send = setTriggerValue;
  view.area.placeholder = view.words.placeholder;
  view.area.setAttribute("aria-label", data.label);
  view.take.textContent = view.words.take;
  hearAnswer(view, Object.fromEntries(data.answer));
  paint(view);
  return () => {
    clearTimeout(view.sending);
    view.gone.abort();
    boxes.delete(parentElement);
  };
}
