// Saving a chart: a picture (PNG, SVG), a page that needs no network (HTML), its numbers (CSV).

const FORMATS = ["PNG", "SVG", "HTML", "CSV"];

function exportMenu(plot, root) {
  const [opener, list] = root.querySelector(".live-plot-save").children;
  const open = (yes) => {
    list.hidden = !yes;
    opener.setAttribute("aria-expanded", yes);
  };
  for (const format of FORMATS) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = format;
    button.addEventListener("click", () => {
      open(false);
      save(plot, format).catch(() => say(plot, plot.data.broken));
    });
    list.append(button);
  }
  opener.addEventListener("click", () => open(list.hidden));
  root.addEventListener("keydown", (event) => { if (event.key === "Escape") open(false); });
}

async function save(plot, format) {
  const { el, data } = plot;
  const filename = `unroll-${data.key.replace(/[^A-Za-z0-9]+/g, "-")}`;
  const figure = figureOf(plot);
  const page = getComputedStyle(el).getPropertyValue("--st-background-color").trim();
  Object.assign(figure.layout, { paper_bgcolor: page, height: data.height });
  if (data.cell) (figure.layout.xaxis ??= {}).range = [...el._fullLayout.xaxis.range];
  if (format === "CSV") return offer(filename, "csv", "\ufeff" + table(el), "text/csv");
  if (format === "HTML") {
    const script = await (await fetch(base() + SCRIPT)).text();
    return offer(filename, "html", standalone(figure, data.alt, script), "text/html");
  }
  figure.layout.width = el.clientWidth;
  const options = { format: format.toLowerCase(), filename, width: el.clientWidth,
    height: data.height, scale: format === "PNG" ? 2 : 1 };
  return window.Plotly.downloadImage(figure, options);
}

function offer(filename, ending, text, type) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: `${type};charset=utf-8` }));
  link.download = `${filename}.${ending}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

function standalone(figure, alt, script) {
  const plain = JSON.stringify({ data: figure.data, layout: figure.layout })
    .replace(/</g, "\\u003c");
  const words = document.createElement("p");
  words.textContent = alt;
  return `<!doctype html><meta charset="utf-8"><title>Unroll</title>${words.outerHTML}
<div id="chart"></div><script>${script.replace(/<\/script/gi, "<\\/script")}</script>
<script>const figure = ${plain};
Plotly.newPlot("chart", figure.data, figure.layout, { responsive: true });</script>`;
}

// One line a point. What a tick says about a place (a character, a unit) stands beside its number.
function table(el) {
  const rows = [["trace", titled(el, "x"), "x_label", titled(el, "y"), "y_label", "z", "text"]];
  el._fullData.forEach((trace, k) => {
    const name = plainText(trace.name ?? k);
    const [xLabel, yLabel] = [labels(el, trace.xaxis, "x"), labels(el, trace.yaxis, "y")];
    const text = (i) => said(trace, i);
    const line = (x, y, z, said) => rows.push([name, x, xLabel(x), y, yLabel(y), z, said]);
    if (trace.type === "heatmap") {
      Array.from(trace.z, (row, r) => Array.from(row, (z, c) => line(
        at(trace.x, c) ?? c, at(trace.y, r) ?? r, z, plainText(at(at(trace.text, r), c)))));
    } else {
      const count = Math.max(trace.x?.length ?? 0, trace.y?.length ?? 0);
      for (let i = 0; i < count; i += 1) line(at(trace.x, i) ?? i, at(trace.y, i) ?? i, "", text(i));
    }
  });
  return rows.map((row) => row.map(quoted).join(",")).join("\r\n") + "\r\n";
}

// `x: share of time`; several axes of one kind say all that they show.
function titled(el, letter) {
  const names = el._fullData.map((trace) => axisName(trace[`${letter}axis`], letter));
  const titles = names.map((name) => plainText(el.layout[name]?.title?.text));
  const shown = [...new Set(titles)].filter(Boolean).join(" / ");
  return shown ? `${letter}: ${shown}` : letter;
}

// What a point is called: on hover, beside it, or as its data where the hover shows those.
function said(trace, i) {
  const name = one(trace.hovertext, i) ?? one(trace.text, i);
  const shown = String(one(trace.hovertemplate, i) ?? "").includes("%{customdata");
  const data = shown || name === undefined ? [at(trace.customdata, i) ?? []].flat() : [];
  return [name ?? [], ...data].flat().map(plainText).filter(Boolean).join(" · ");
}

// Plotly takes one text for all points as well as one for each.
function one(values, index) {
  return typeof values === "string" ? values || undefined : at(values, index);
}

function at(values, index) {
  return values && typeof values !== "string" ? values[index] : undefined;
}

function labels(el, reference, letter) {
  const { tickvals, ticktext } = el._fullLayout[axisName(reference, letter)] ?? {};
  const found = new Map(Array.from(tickvals ?? [], (value, i) => [value, ticktext?.[i]]));
  return (value) => plainText(found.get(value));
}

function axisName(reference, letter) {
  return `${letter}axis${(reference ?? letter).slice(1)}`;
}

// The text of a label: Plotly's own markup taken off, its escapes read.
function plainText(label) {
  if (label === undefined || label === null) return "";
  const parsed = new DOMParser().parseFromString(String(label).replace(/<br>/g, " "), "text/html");
  return parsed.body.textContent;
}

// A text that begins like a formula would be run by a spreadsheet.
function quoted(value) {
  const text = String(value ?? "");
  const safe = typeof value === "string" && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
}
