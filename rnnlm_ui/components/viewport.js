// Says whether the window is narrow, only when Python believes otherwise.
const views = new WeakMap();

function mount(root, data) {
  const view = { query: matchMedia(`(max-width: ${Number(data.width)}px)`) };
  view.tell = () => {
    if (view.query.matches !== view.known) view.send("narrow", view.query.matches);
  };
  view.query.addEventListener("change", view.tell);
  views.set(root, view);
  return view;
}

export default function ({ data, parentElement, setTriggerValue }) {
  const view = views.get(parentElement) || mount(parentElement, data);
  view.known = data.narrow;
  view.send = setTriggerValue;
  view.tell();
  return () => {
    views.delete(parentElement);
    view.query.removeEventListener("change", view.tell);
  };
}
