// Shared by both components: the theme, swapping light hexes for dark ones, calm motion, and the
// token of a text that is pointed at in one of its views.
// MAP (light hex to dark hex) is put in front by shared.py.

const calm = matchMedia("(prefers-reduced-motion: reduce)");

function isDark(el) {
  const colour = getComputedStyle(el).getPropertyValue("--st-background-color").trim();
  const rgb = colour.startsWith("#")
    ? [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16))
    : (colour.match(/[\d.]+/g) || [255, 255, 255]).slice(0, 3).map(Number);
  return rgb[0] + rgb[1] + rgb[2] < 384;
}

// Every light hex in a string; two digits of opacity after it stay.
function swap(text) {
  return text.replace(/#[0-9A-Fa-f]{6}/g, (hex) => MAP[hex.toUpperCase()] || hex);
}

// Calls back when the theme has changed. Streamlit writes the theme's variables in a class of an
// ancestor, and calls the component again only in some cases.
function onThemeChange(el, callback) {
  let dark = isDark(el);
  const look = () => {
    if (el.isConnected && isDark(el) !== dark) {
      dark = !dark;
      callback();
    }
  };
  const watch = new MutationObserver(look);
  for (let node = el.parentElement; node; node = node.parentElement) {
    watch.observe(node, { attributes: true, attributeFilter: ["class", "style"] });
  }
  return () => watch.disconnect();
}

// Views with the same `link` show the same tokens: what is pointed at in one is marked in all.
function tellHover(link, token, from) {
  if (!link) return;
  document.dispatchEvent(new CustomEvent("unroll-hover", { detail: { link, token, from } }));
}

function onHover(callback) {
  const hear = ({ detail }) => callback(detail.link, detail.token, detail.from);
  document.addEventListener("unroll-hover", hear);
  return () => document.removeEventListener("unroll-hover", hear);
}
