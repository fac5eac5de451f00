"use strict";
// The explorer: tree, map and table of one map, and what is chosen in one shows in all.
// All text goes into the page as text; nothing is ever parsed as markup. No figure is computed here
// but sums of counts that may be told and their shares of each other.
(() => {
  const byId = (id) => document.getElementById(id);
  const data = JSON.parse(byId("sample-data").textContent);
  const FEW = -1, STEP = 60, SVG = "http://www.w3.org/2000/svg";
  const groups = data.groups.map((g, i) => ({
    number: i + 1, id: g[0], level: g[1], parent: g[2], name: g[3], summary: g[4], keywords: g[5], n: g[6], people: g[7],
    rare: g[8], concern: g[9], share: g[10], low: g[11], high: g[12], circle: g[13], children: [], top: 0,
  }));
  const all = { number: 0, id: "", level: Infinity, parent: -1, name: "All conversations", summary: "", keywords: [], n: data.total, people: null, children: [] };
  const group = (number) => (number ? groups[number - 1] : all);
  groups.forEach((g) => group(g.parent).children.push(g));
  [all, ...groups].forEach((g) => g.children.sort((a, b) => b.n - a.n));
  const tops = all.children;
  tops.forEach((top, i) => { top.place = i + 1; });
  groups.forEach((g) => { let at = g; while (at.parent) at = group(at.parent); g.top = at; });
  groups.forEach((g) => { g.haystack = [g.name, g.summary, ...g.keywords].join("\n").toLowerCase(); });
  const NAMES = { time: "time", language: "language", surface: "surface", model: "model" };

  const state = { chosen: 0, rows: STEP, sort: "n", down: true, matching: null, opened: new Set([0]), box: null };

  function make(tag, properties, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(properties || {})) {
      if (name in node) node[name] = value; else node.setAttribute(name, value);
    }
    node.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
    return node;
  }
  function draw(tag, properties, text) {
    const node = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(properties)) node.setAttribute(name, value);
    if (text !== undefined) node.textContent = text;
    if (properties["font-size"]) node.style.fontSize = `${properties["font-size"]}px`;
    return node;
  }
  const isolate = (text) => make("bdi", null, text);
  const number = (n) => n.toLocaleString("en");
  const numbered = (n, one, many) => `${number(n)} ${n === 1 ? one : many || `${one}s`}`;
  const few = () => (data.minimum > 1 ? `fewer than ${data.minimum}` : "none");
  const percent = (v) => {
    for (let places = 1; places < 5; places += 1) {
      const told = (100 * v).toFixed(places);
      if (v <= 0 || v >= 1 || (Number(told) !== 0 && Number(told) !== 100)) return `${told}%`;
    }
    return `${(100 * v).toFixed(5)}%`;
  };
  const points = (v) => `${v > 0 ? "+" : "−"}${Math.abs(100 * v).toFixed(2)} points`;
  const ends = (low, high, say) => `[${low === null ? "?" : say(low)}, ${high === null ? "?" : say(high)}]`;
  const bare = (v) => (100 * v).toFixed(2);
  const colour = (g) => `var(--g${(g.top.place - 1) % 8})`;
  const badge = (top) => {
    const node = make("span", { className: `badge${[1, 3, 4, 6].includes((top.place - 1) % 8) ? " dark" : ""}`, ariaHidden: "true" }, String(top.place));
    node.style.setProperty("--own", `var(--g${(top.place - 1) % 8})`);
    return node;
  };

  // What of each group may be told under the filter.

  const sliceOf = (kind) => data.slices.find((slice) => slice.kind === kind);
  function parts() {
    const slice = sliceOf(byId("filter-kind").value);
    if (!slice) return null;
    const from = Number(byId("filter-from").value || 0), to = slice.kind === "time" ? Math.max(from, Number(byId("filter-to").value || 0)) : from;
    return { slice, from, to };
  }
  function cell(slice, g, part) {
    const row = slice.told[g.number];
    return typeof row === "number" ? row : row[part];
  }
  function countOf(g) {
    const wanted = state.filter;
    if (!wanted) return { n: g.n, exact: true };
    let n = 0, hidden = 0, word = few();
    for (let part = wanted.from; part <= wanted.to; part += 1) {
      const told = cell(wanted.slice, g, part);
      if (told >= 0) n += told; else { hidden += 1; if (told !== FEW) word = "not told"; }
    }
    return { n, exact: !hidden, word: n ? `at least ${number(n)}` : word };
  }
  const said = (c) => (c.exact ? number(c.n) : c.word);

  // Comparisons and scorers.

  function comparison() {
    const kind = byId("compare").value, a = Number(byId("first").value), b = Number(byId("second").value);
    const found = data.comparisons.find((c) => c.kind === kind && ((c.first === a && c.second === b) || (c.first === b && c.second === a)));
    if (!found) return null;
    if (!found.sure) found.sure = new Map(found.fromFew.map((c) => [c[0], { group: c[0], least: c[1], rising: Boolean(c[2]) }]));
    if (!found.by) found.by = new Map(found.changes.map((c) => [c[0], { group: c[0], before: c[1], after: c[2], gap: c[3], low: c[4], high: c[5], q: c[6] }]));
    const back = found.first !== a;
    const turn = (c) => (back ? { ...c, before: c.after, after: c.before, gap: -c.gap, low: -c.high, high: -c.low } : c);
    return { found, back, of: (g) => { const c = found.by.get(g.number); return c ? turn(c) : null; }, list: [...found.by.values()].map(turn),
      sure: [...found.sure.values()].map((c) => (back ? { ...c, rising: !c.rising } : c)) };
  }
  const sureWords = (c) => (c.rising ? `from ${few()} to at least ${percent(c.least)}` : `from at least ${percent(c.least)} to ${few()}`);
  function whyNoChange({ found, sure }, g) {
    const own = sure.find((c) => c.group === g.number);
    if (own) return `not told: ${sureWords(own)}`;
    const slice = sliceOf(found.kind), sides = [found.first, found.second].map((part) => cell(slice, g, part));
    if (Math.min(...sides) < FEW || Math.max(...sides) === FEW) return "not told";
    if (Math.max(...sides) < data.fewest) return "too few";
    return found.clear > found.changes.length ? "not among the greatest" : "none clear";
  }
  function rates() {
    const found = data.rates[Number(byId("scorer").value || 0)];
    if (found && !found.by) found.by = new Map(found.rates.map((r) => [r[0], { value: r[1], low: r[2], high: r[3], n: r[4], missing: r[5], warning: r[6], why: r[7] }]));
    return found || null;
  }
  const figure = (set, v) => (set.rate ? percent(v) : v.toFixed(3));
  function rateWords(set, r) {
    if (!r) return "no figure";
    if (r.value === null) return r.why;
    return `${figure(set, r.value)} ${ends(r.low, r.high, (v) => (set.rate ? bare(v) : v.toFixed(3)))}, n = ${number(r.n)}${r.missing ? `, ${number(r.missing)} missing` : ""}${r.warning ? `; ${r.warning}` : ""}`;
  }
  // New is only what surely was not there: a side that may not be told may have had some.
  const kindOfChange = (c) => (c.gap > 0 ? (c.before === 0 ? "new" : "rising") : "falling");
  const isBound = (c) => c.before === null || c.after === null;
  const fewWords = (c) => (!isBound(c) ? "" : c.gap > 0 ? "rising from few" : "falling to few");
  function changeWords(c) {
    return `${isBound(c) ? "at least " : ""}${points(c.gap)} ${ends(c.low, c.high, bare)}`;
  }

  // The tree.

  function treeNode(g) {
    const item = make("li"), line = make("div", { className: `node${g.number === state.chosen ? " here" : ""}` });
    const opened = state.opened.has(g.number);
    if (g.children.length) {
      const button = make("button", { type: "button", className: "open", ariaExpanded: String(opened), ariaLabel: `Groups within ${g.name}` }, opened ? "▾" : "▸");
      button.addEventListener("click", () => {
        if (opened) state.opened.delete(g.number); else state.opened.add(g.number);
        drawTree();
        const again = byId("tree").querySelector(`[data-open="${g.number}"]`);
        if (again) again.focus();
      });
      button.dataset.open = g.number;
      line.append(button);
    } else line.append(make("span"));
    const name = make("button", { type: "button", ariaPressed: String(g.number === state.chosen) }, g.place ? badge(g) : null, isolate(g.name));
    name.dataset.group = g.number;
    name.addEventListener("click", () => choose(g.number, "tree"));
    line.append(name, make("span", { className: "number" }, said(countOf(g))));
    item.append(line);
    if (opened && g.children.length) item.append(make("ul", null, ...g.children.slice(0, 200).map(treeNode), g.children.length > 200 ? make("li", { className: "fine" }, `and ${number(g.children.length - 200)} smaller ones: search, or see the table`) : null));
    return item;
  }
  function drawTree() { byId("tree").replaceChildren(make("ul", null, treeNode(all))); }

  // The map.

  const map = byId("map"), whole = map.getAttribute("viewBox").split(" ").map(Number);
  const circles = new Map();
  function drawMap() {
    const nodes = groups.filter((g) => g.circle).map((g) => {
      const node = draw("circle", { cx: g.circle[0], cy: g.circle[1], r: g.circle[2], "data-group": g.number });
      if (g.rare) node.classList.add("rare");
      node.append(draw("title", {}, g.name));
      circles.set(g.number, node);
      return node;
    });
    byId("circles").replaceChildren(...nodes);
  }
  const isWithin = (g, number_) => { for (let at = g; at; at = at.parent > 0 ? group(at.parent) : null) if (at.number === number_) return true; return !number_; };
  function shade(v, least, most) {
    const t = most > least ? (v - least) / (most - least) : 0.5;
    return `color-mix(in oklab, var(--high) ${Math.round(100 * t)}%, var(--low))`;
  }
  function paint() {
    const by = byId("colour").value, change = comparison(), set = rates(), signs = [];
    const valued = (g) => (by === "rate" ? (set && set.by.get(g.number) && set.by.get(g.number).value) : g.concern);
    const values = groups.filter((g) => g.circle).map(valued).filter((v) => v !== null && v !== undefined);
    const least = Math.min(...values), most = Math.max(...values);
    for (const [number_, node] of circles) {
      const g = group(number_);
      let fill = colour(g);
      if (by === "change") {
        const c = change && change.of(g);
        fill = c ? (c.gap > 0 ? "var(--rise)" : "var(--fall)") : "var(--dim)";
        if (c && g.circle[2] > 7) signs.push(draw("text", { class: "sign", x: g.circle[0], y: g.circle[1] + g.circle[2] * 0.3, "font-size": g.circle[2] * 0.8, "data-off": 1 }, c.gap > 0 ? "▲" : "▼"));
      } else if (by !== "group") {
        const v = valued(g);
        fill = v === null || v === undefined ? "var(--dim)" : shade(v, least, most);
      }
      node.style.fill = fill;
      const off = (state.matching && !state.matching.has(number_)) || !isWithin(g, state.chosen) || (state.filter && countOf(g).n === 0);
      node.classList.toggle("off", Boolean(off));
      node.classList.toggle("here", number_ === state.chosen);
    }
    byId("links").replaceChildren();
    drawLegend(by, least, most, set, values.length);
    drawLabels(signs);
  }
  function drawLegend(by, least, most, set, count) {
    const entry = (fill, text) => { const dot = make("span", { className: "dot" }); dot.style.setProperty("--own", fill); return make("li", null, dot, text); };
    const legend = byId("legend"), say = (v) => (by === "rate" ? figure(set, v) : v.toFixed(1));
    legend.classList.toggle("same", by === "group");
    if (by === "group") legend.replaceChildren(...tops.slice(0, 40).map((top) => make("li", null, badge(top), isolate(top.name))));
    else if (by === "change") legend.replaceChildren(entry("var(--rise)", "▲ larger share, clearly"), entry("var(--fall)", "▼ smaller share, clearly"), entry("var(--dim)", "no clear change, or not told"));
    else if (!count) legend.replaceChildren(make("li", null, "No group has a figure that may be told."));
    else legend.replaceChildren(make("li", null, say(least), make("span", { className: "ramp" }), say(most)), entry("var(--dim)", "no figure, or not told"));
  }
  function zoomed() { return (state.box || whole)[2] / whole[2]; }
  function drawLabels(signs) {
    // SVG units that make a label as high as text on the page, whatever the zoom and the width.
    const unit = (state.box || whole)[2] / Math.max(map.clientWidth, 200), size = 13.5 * unit, taken = [];
    byId("labels").replaceChildren(...(signs || []));
    const fits = (x, y, w, h) => {
      if (taken.some((t) => Math.abs(t[0] - x) < (t[2] + w) / 2 && Math.abs(t[1] - y) < (t[3] + h) / 2)) return false;
      taken.push([x, y, w, h]);
      return true;
    };
    const box = state.box || whole;
    const label = (lines, x, y, kind, height) => {
      if (y < box[1] || y > box[1] + box[3] || x < box[0] || x > box[0] + box[2]) return true;
      const node = draw("text", { class: kind, "font-size": height, "stroke-width": 4 * unit }), h = lines.length * height * 1.2;
      lines.forEach((line) => node.append(draw("tspan", {}, line)));
      byId("labels").append(node);
      // Measured, as letters differ in width; the outline stands out on both sides.
      const w = Math.max(...[...node.children].map((line) => line.getComputedTextLength())) + 4 * unit;
      const inside = Math.min(Math.max(x, box[0] + w / 2 + 4 * unit), box[0] + box[2] - w / 2 - 4 * unit);
      const middle = Math.min(Math.max(y, box[1] + h / 2 + 4 * unit), box[1] + box[3] - h / 2 - 4 * unit);
      if (w > box[2] - 8 * unit || !fits(inside, middle, w, h)) { node.remove(); return false; }
      [...node.children].forEach((line, i) => { line.setAttribute("x", inside); line.setAttribute("y", middle - h / 2 + height * (0.95 + 1.2 * i)); });
      return true;
    };
    const cut = (text, most) => (text.length > most ? `${text.slice(0, most - 1).trimEnd()}…` : text);
    // Lines of words, none longer than most characters unless a word is.
    const wrap = (text, most) => text.split(" ").reduce((lines, word) => {
      const last = lines[lines.length - 1];
      if (last && last.length + word.length < most) lines[lines.length - 1] = `${last} ${word}`; else lines.push(cut(word, 30));
      return lines;
    }, []);
    // A name as a label: whole on three short lines, else its first themes alone, ever fewer.
    const labels = (top) => {
      const themes = top.name.split(", "), tries = [];
      for (let n = themes.length; n; n -= 1) tries.push(wrap(`${top.place} ${themes.slice(0, n).join(", ")}`, 21));
      return [...tries.filter((lines) => lines.length <= 3), [String(top.place)]];
    };
    const wide = map.clientWidth > 400;
    for (const top of tops) {
      const own = groups.filter((g) => g.circle && g.top === top);
      if (!own.length) continue;
      const total = own.reduce((sum, g) => sum + g.circle[2] ** 2, 0);
      const x = own.reduce((sum, g) => sum + g.circle[0] * g.circle[2] ** 2, 0) / total, y = own.reduce((sum, g) => sum + g.circle[1] * g.circle[2] ** 2, 0) / total;
      const off = (g) => Math.hypot(g.circle[0] - x, g.circle[1] - y), spots = own.slice().sort((a, b) => off(a) - off(b)).slice(0, 4);
      (wide ? labels(top) : [[String(top.place)]]).some((lines) => spots.some((g) => label(lines, g.circle[0], g.circle[1], "top", size)));
    }
    const inView = groups.filter((g) => g.circle && g.level === 0 && g !== g.top).sort((a, b) => b.circle[2] - a.circle[2]);
    const room = (g) => g.circle[2] * 2 / unit;
    for (const g of inView.slice(0, 400)) {
      if (g.number === state.chosen || room(g) > 70) label(wrap(cut(g.name, Math.round(room(g) / 2)), Math.max(10, Math.round(room(g) / 7))), g.circle[0], g.circle[1], "base", size * 0.84);
    }
  }
  function zoom(factor, x, y) {
    const box = state.box || whole, cx = x === undefined ? box[0] + box[2] / 2 : x, cy = y === undefined ? box[1] + box[3] / 2 : y;
    const w = Math.min(whole[2], Math.max(whole[2] / 40, box[2] * factor)), h = w * whole[3] / whole[2];
    setBox([cx - (cx - box[0]) * w / box[2], cy - (cy - box[1]) * h / box[3], w, h]);
  }
  function setBox(box) {
    if (box) {
      box[0] = Math.min(Math.max(box[0], 0), whole[2] - box[2]);
      box[1] = Math.min(Math.max(box[1], 0), whole[3] - box[3]);
    }
    state.box = box && box[2] < whole[2] ? box : null;
    map.setAttribute("viewBox", (state.box || whole).join(" "));
    paint();
  }
  function look(g) {
    // Zoom so that a chosen group fills the map.
    const own = groups.filter((each) => each.circle && isWithin(each, g.number));
    if (!g.number || !own.length) return setBox(null);
    const xs = own.flatMap((e) => [e.circle[0] - e.circle[2], e.circle[0] + e.circle[2]]), ys = own.flatMap((e) => [e.circle[1] - e.circle[2], e.circle[1] + e.circle[2]]);
    const [x0, x1, y0, y1] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
    const w = Math.min(whole[2], Math.max(whole[2] / 5, (x1 - x0) * 1.15, (y1 - y0) * 1.15 * whole[2] / whole[3]));
    const h = w * whole[3] / whole[2];
    return setBox([(x0 + x1) / 2 - w / 2, (y0 + y1) / 2 - h / 2, w, h]);
  }

  // What is chosen, in words.

  function bars(slice, g) {
    const node = make("div", { className: "bars" });
    const row = slice.values.map((_, part) => cell(slice, g, part)), most = Math.max(1, ...row);
    slice.values.forEach((value, part) => {
      const told = row[part], bar = make("span", { className: told >= 0 ? "bar" : "bar none" });
      if (told >= 0) bar.style.width = `${Math.max(100 * told / most, 0.5)}%`;
      node.append(isolate(value), bar, make("span", { className: "count" }, told >= 0 ? number(told) : told === FEW ? few() : "not told"));
    });
    return make("details", { open: state.unfolded === slice.kind }, make("summary", { onclick: () => { state.unfolded = state.unfolded === slice.kind ? "" : slice.kind; } }, `By ${NAMES[slice.kind]}${slice.unit ? ` (${slice.unit})` : ""}`), node);
  }
  function drawChosen() {
    const g = group(state.chosen), box = byId("chosen"), set = rates(), change = comparison();
    const above = [];
    for (let at = g; at.number && at.parent > 0; at = group(at.parent)) above.unshift(group(at.parent));
    const trail = make("p", { className: "fine" });
    above.forEach((each) => { const b = make("button", { type: "button" }, isolate(each.name)); b.addEventListener("click", () => choose(each.number, "table")); trail.append(b, " › "); });
    const numbers = make("p", null, `${said(countOf(g))} ${countOf(g).exact && countOf(g).n === 1 ? "conversation" : "conversations"}`, g.number && !state.filter ? ` (${percent(g.share)}${g.low === null ? "" : ` ${ends(g.low, g.high, bare)}`} of all)` : "", g.people ? `, ${numbered(g.people, "linked person", "linked people")}` : "", g.rare ? "; found by the pass for small tight groups" : "", ".");
    const lines = [];
    if (g.concern !== null && g.concern !== undefined) lines.push(make("p", null, `Concern ${g.concern.toFixed(2)} of 5.`));
    if (set) lines.push(make("p", null, isolate(set.scorer), `: ${rateWords(set, set.by.get(g.number))} (${set.standing}).`));
    const c = change && g.number ? change.of(g) : null;
    if (c) lines.push(make("p", { className: c.gap > 0 ? "up" : "down" }, `${c.gap > 0 ? "▲" : "▼"} ${changeWords(c)}`));
    const own = data.examples.filter((e) => e[0] === g.number);
    const shown = own.length ? make("details", { className: "examples" }, make("summary", null, `${numbered(own.length, "conversation")} near its middle, redacted`), ...own.map((e) => make("div", { className: "example" },
      make("p", { className: "fine" }, "Transcript ", isolate(e[1]), e[2] ? " of account " : "", isolate(e[2]), e[3] ? `, ${e[3]}` : ""), make("pre", { dir: "auto" }, e[4])))) : null;
    box.replaceChildren(...[above.length ? trail : null, make("h2", null, g.place ? badge(g) : null, isolate(g.name)), g.summary ? make("p", null, isolate(g.summary)) : null, numbers,
      g.keywords.length ? make("ul", { className: "words", ariaLabel: "Keywords" }, ...g.keywords.map((w) => make("li", null, isolate(w)))) : null,
      ...lines, ...data.slices.map((slice) => bars(slice, g)), shown].filter(Boolean));
  }

  // The table.

  function listed() {
    if (state.matching) return groups.filter((g) => state.matching.has(g.number));
    const g = group(state.chosen);
    return g.children.length ? g.children : group(g.parent < 0 ? 0 : g.parent).children;
  }
  function columns() {
    const change = comparison(), set = rates(), none = make("span", { className: "quiet" }, "–");
    const found = [
      { key: "name", title: "Group", order: (g) => g.name.toLowerCase(), cell: (g) => {
        const button = make("button", { type: "button" }, g.place ? badge(g) : null, isolate(g.name));
        button.dataset.group = g.number;
        button.addEventListener("click", () => choose(g.number, "table"));
        return button;
      } },
      { key: "n", title: "Conversations", right: true, order: (g) => countOf(g).n, cell: (g) => {
        const c = countOf(g), of = state.filter ? countOf(all) : { n: data.total, exact: true };
        const share = c.exact && of.exact && of.n ? percent(c.n / of.n) : "";
        return make("span", null, said(c), make("span", { className: "fine" }, state.filter ? share : percent(g.share)), state.filter || g.low === null ? null : make("span", { className: "fine" }, ends(g.low, g.high, bare)));
      } },
    ];
    if (change) found.push({ key: "change", title: "Change, points", order: (g) => { const c = change.of(g); return c ? c.gap : 0; }, cell: (g) => {
      const c = change.of(g);
      if (!c) return make("span", { className: "fine from-few" }, whyNoChange(change, g));
      const kind = kindOfChange(c);
      return make("span", null, make("span", { className: c.gap > 0 ? "up" : "down" }, `${c.gap > 0 ? "▲" : "▼"} ${isBound(c) ? "at least " : ""}${points(c.gap).replace(" points", "")}`), make("span", { className: "fine" }, ends(c.low, c.high, bare)), kind === "new" ? make("span", { className: "fine" }, "new") : isBound(c) ? make("span", { className: "fine" }, fewWords(c)) : null);
    } });
    if (set) found.push({ key: "rate", title: set.scorer, order: (g) => { const r = set.by.get(g.number); return r && r.value !== null ? r.value : -1; }, cell: (g) => {
      const r = set.by.get(g.number);
      if (!r || r.value === null) return make("span", { className: "fine" }, r ? r.why : "no figure");
      return make("span", null, figure(set, r.value), make("span", { className: "fine" }, ends(r.low, r.high, (v) => (set.rate ? bare(v) : v.toFixed(3)))), make("span", { className: "fine" }, `n = ${number(r.n)}`), r.missing ? make("span", { className: "fine" }, `${number(r.missing)} missing`) : null);
    } });
    if (groups.some((g) => g.concern !== null)) found.push({ key: "concern", title: "Concern", right: true, order: (g) => g.concern ?? -1, cell: (g) => (g.concern === null ? none.cloneNode(true) : g.concern.toFixed(2)) });
    return found;
  }
  function drawTable() {
    const own = columns(), by = own.find((c) => c.key === state.sort) || own[1];
    const rows = listed().slice().sort((a, b) => {
      const [x, y] = [by.order(a), by.order(b)];
      return (x < y ? -1 : x > y ? 1 : a.number - b.number) * (state.down ? -1 : 1);
    });
    const head = byId("rows").tHead.rows[0];
    head.replaceChildren(...own.map((c) => {
      const sorted = c.key === state.sort, button = make("button", { type: "button" }, isolate(c.title), sorted ? (state.down ? " ▾" : " ▴") : "");
      button.addEventListener("click", () => { state.down = sorted ? !state.down : c.key !== "name"; state.sort = c.key; drawTable(); byId("rows").tHead.rows[0].cells[own.indexOf(c)].firstChild.focus(); });
      return make("th", { scope: "col", ariaSort: sorted ? (state.down ? "descending" : "ascending") : "none", className: c.right ? "n" : "" }, button);
    }));
    byId("rows").tBodies[0].replaceChildren(...rows.slice(0, state.rows).map((g) => make("tr", { className: g.number === state.chosen ? "here" : "" },
      ...own.map((c) => make(c.key === "name" ? "th" : "td", { className: c.right ? "n" : c.key === "rate" && c.order(g) < 0 ? "why" : "", ...(c.key === "name" ? { scope: "row" } : {}) }, c.cell(g))))));
    const g = group(state.chosen), caption = byId("rows-caption");
    if (state.matching) caption.replaceChildren(`${number(rows.length)} of ${numbered(groups.length, "group")} ${rows.length === 1 ? "matches" : "match"}.`);
    else caption.replaceChildren(`${numbered(rows.length, "group")} within `, isolate(g.children.length ? g.name : group(Math.max(g.parent, 0)).name), ".");
    byId("more-rows").hidden = rows.length <= state.rows;
  }

  // What changed.

  function drawChanges() {
    const change = comparison(), section = byId("changes");
    section.hidden = !data.comparisons.length || !groups.length;
    if (section.hidden) return;
    const about = byId("changes-about"), lists = { new: [], rising: [], falling: [] };
    if (change) change.list.forEach((c) => lists[kindOfChange(c)].push(c));
    if (!change) about.replaceChildren("Choose two different sides to compare.");
    else {
      const { found, back } = change, slice = sliceOf(found.kind);
      const side = (i) => [isolate(slice.values[i ? found.second : found.first]), ` (${numbered(found.n[i], "conversation")}${data.clustered ? ` of ${numbered(found.people[i], "linked person", "linked people")}` : ""})`];
      about.replaceChildren("From ", ...side(back ? 1 : 0), " to ", ...side(back ? 0 : 1), `: ${number(found.clear)} of ${numbered(found.tested, "tested group")} changed clearly.`,
        found.clear > found.changes.length ? ` The ${number(found.changes.length)} greatest changes are told.` : "", found.few ? ` ${numbered(found.few, "group is", "groups are")} too small to test.` : "");
    }
    const untold = byId("changes-untold"), sure = change ? change.sure : [];
    untold.hidden = !(change && change.found.untold);
    if (!untold.hidden) untold.replaceChildren(`${numbered(change.found.untold, "group")} could not be compared, since a side may not be told. Groups that `, make("strong", null, "grew from few"), ", or shrank to few, may be among them. Shares add up to one: what is listed as falling may only mirror what grew there, and what is listed as rising, what shrank.");
    byId("changes-least").hidden = !(change && change.list.some(isBound));
    byId("from-few").hidden = !sure.length;
    byId("list-from-few").replaceChildren(...sure.slice(0, 12).map((c) => entry(c.group, make("span", { className: c.rising ? "up" : "down" }, `${c.rising ? "▲" : "▼"} `), make("span", { className: "fine" }, sureWords(c)))), sure.length > 12 ? make("li", { className: "fine" }, `and ${sure.length - 12} more`) : "");
    const span = Math.max(1e-9, ...(change ? change.list.flatMap((c) => [Math.abs(c.low), Math.abs(c.high)]) : [0]));
    for (const [kind, own] of Object.entries(lists)) {
      own.sort((a, b) => Math.abs(b.gap) - Math.abs(a.gap));
      const items = own.slice(0, 12).map((c) => entry(c.group, make("span", { className: "fine" }, `${c.before === null ? few() : percent(c.before)} → ${c.after === null ? few() : percent(c.after)}: ${changeWords(c)}${isBound(c) ? `; ${fewWords(c)}` : ""}`), gapPlot(c, span)));
      byId(`list-${kind}`).replaceChildren(...(items.length ? items : [make("li", { className: "quiet" }, "none clearly")]), own.length > 12 ? make("li", { className: "fine" }, `and ${own.length - 12} more: colour or sort by change`) : "");
    }
  }
  function entry(number_, ...told) {
    const g = group(number_), button = make("button", { type: "button" }, isolate(g.name));
    button.addEventListener("click", () => choose(number_, "list"));
    return make("li", null, button, make("br"), ...told);
  }
  function gapPlot(c, span) {
    const at = (v) => 50 + 48 * v / span, colour_ = c.gap > 0 ? "var(--rise)" : "var(--fall)";
    const plot = draw("svg", { width: "100%", height: 14, role: "img", "aria-label": changeWords(c) });
    plot.append(draw("line", { x1: "50%", x2: "50%", y1: 0, y2: 14, stroke: "var(--quiet)" }), draw("line", { x1: `${at(c.low)}%`, x2: `${at(c.high)}%`, y1: 7, y2: 7, stroke: colour_, "stroke-width": 2.5 }), draw("circle", { cx: `${at(c.gap)}%`, cy: 7, r: 4, fill: isBound(c) ? "var(--paper)" : colour_, stroke: colour_, "stroke-width": 1.5 }));
    return plot;
  }
  function drawAudits() {
    document.querySelectorAll(".audited").forEach((box) => box.querySelectorAll(".candidates").forEach((list) => {
      const own = data.audits[Number(box.dataset.audit)][list.dataset.side];
      list.replaceChildren(...(own.length ? own.map((c) => entry(c[0], make("span", { className: "fine" }, `concern ${c[1].toFixed(2)}; rate ${c[2] === null ? "not told" : `${percent(c[2])} ${ends(c[3], c[4], bare)}`}, ${percent(c[5])} expected`))) : [make("li", { className: "quiet" }, "none")]));
    }));
  }

  // Choosing, filtering, searching.

  function choose(number_, from) {
    state.chosen = number_;
    state.rows = STEP;
    for (let at = group(number_); at.number; at = group(Math.max(at.parent, 0))) state.opened.add(at.parent);
    state.opened.add(number_);
    if (from !== "map") look(group(number_));
    refresh();
    const place = byId(from === "tree" ? "tree" : "rows").querySelector(`[data-group="${number_}"]`);
    const line = byId("tree").querySelector(".here");
    if (line && from !== "tree") line.scrollIntoView({ block: "nearest" });
    if (place && (from === "tree" || from === "table")) place.focus({ preventScroll: true });
    if (from === "list") byId("chosen").scrollIntoView({ block: "nearest" });
  }
  function refresh() {
    state.filter = parts();
    drawTree(); paint(); drawChosen(); drawTable();
    const c = countOf(all), g = group(state.chosen);
    byId("status").replaceChildren(`${state.filter ? `${said(c)} of ` : ""}${numbered(data.total, "conversation")}`, state.filter && !c.exact ? " (what may be told)" : "", state.matching ? `; ${numbered(state.matching.size, "group matches", "groups match")} the search` : "", ". Chosen: ", isolate(g.name), ".");
  }
  function search() {
    const words = byId("search").value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    state.matching = words.length ? new Set(groups.filter((g) => words.every((w) => g.haystack.includes(w))).map((g) => g.number)) : null;
    state.rows = STEP;
    refresh();
  }
  function fill(select, values, chosen) { select.replaceChildren(...values.map(([value, text]) => new Option(text, value, false, String(value) === String(chosen)))); }
  function setFilter() {
    const slice = sliceOf(byId("filter-kind").value), values = slice ? slice.values.map((v, i) => [i, v]) : [];
    byId("filter-from-box").hidden = !slice;
    byId("filter-to-box").hidden = !slice || slice.kind !== "time";
    fill(byId("filter-from"), values, 0);
    fill(byId("filter-to"), values, values.length - 1);
    byId("filter-from-box").querySelector("label").textContent = slice && slice.kind === "time" ? "From" : "Which";
  }
  function setCompare(kind) {
    const own = data.comparisons.filter((c) => c.kind === kind), slice = sliceOf(kind);
    const used = [...new Set(own.flatMap((c) => [c.first, c.second]))].sort((a, b) => a - b).map((i) => [i, slice.values[i]]);
    fill(byId("first"), used, used[0][0]);
    fill(byId("second"), used, used[kind === "time" ? used.length - 1 : 1][0]);
  }

  byId("search").addEventListener("input", search);
  byId("filter-kind").addEventListener("change", () => { setFilter(); refresh(); });
  ["filter-from", "filter-to", "scorer", "colour"].forEach((id) => byId(id).addEventListener("change", refresh));
  byId("compare").addEventListener("change", () => { setCompare(byId("compare").value); drawChanges(); refresh(); });
  ["first", "second"].forEach((id) => byId(id).addEventListener("change", () => { drawChanges(); refresh(); }));
  byId("controls").addEventListener("submit", (event) => event.preventDefault());
  byId("controls").addEventListener("reset", () => setTimeout(() => { setFilter(); if (data.comparisons.length) setCompare(byId("compare").value); state.chosen = 0; state.matching = null; setBox(null); drawChanges(); refresh(); }));
  byId("more-rows").addEventListener("click", () => { const at = state.rows; state.rows += STEP; drawTable(); const row = byId("rows").tBodies[0].rows[at]; if (row) row.querySelector("button").focus(); });
  byId("zoom-in").addEventListener("click", () => zoom(0.6));
  byId("zoom-out").addEventListener("click", () => zoom(1 / 0.6));
  byId("zoom-all").addEventListener("click", () => setBox(null));
  map.addEventListener("click", (event) => {
    const hit = event.target.closest("circle");
    if (hit && !state.dragged) choose(Number(hit.dataset.group), "map");
  });
  map.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !state.box && event.deltaY > 0) return;
    event.preventDefault();
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(map.getScreenCTM().inverse());
    zoom(event.deltaY > 0 ? 1.2 : 1 / 1.2, at.x, at.y);
  }, { passive: false });
  let from = null;
  map.addEventListener("pointerdown", (event) => { from = [event.clientX, event.clientY, ...(state.box || whole)]; state.dragged = false; });
  map.addEventListener("pointermove", (event) => {
    if (!from || !state.box || !event.buttons) return;
    const scale = state.box[2] / map.clientWidth, dx = event.clientX - from[0], dy = event.clientY - from[1];
    if (Math.hypot(dx, dy) > 4) { state.dragged = true; setBox([from[2] - dx * scale, from[3] - dy * scale, from[4], from[5]]); }
  });
  addEventListener("pointerup", () => { from = null; });
  const AIMS = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };
  map.addEventListener("keydown", (event) => {
    if (event.key === "+" || event.key === "=") zoom(0.7);
    else if (event.key === "-") zoom(1 / 0.7);
    else if (event.key === "0") setBox(null);
    else if (event.key === "Escape") choose(0, "map");
    else if (AIMS[event.key]) {
      const [ax, ay] = AIMS[event.key], drawn = groups.filter((g) => g.circle), now = group(state.chosen);
      const at = now.circle || drawn.filter((g) => isWithin(g, state.chosen)).map((g) => g.circle)[0] || [whole[2] / 2, whole[3] / 2, 0];
      let best = null, least = Infinity;
      for (const g of drawn) {
        const dx = g.circle[0] - at[0], dy = g.circle[1] - at[1], ahead = dx * ax + dy * ay, aside = Math.abs(dx * ay - dy * ax);
        if (g.number !== state.chosen && ahead > 0 && ahead + 2 * aside < least) { least = ahead + 2 * aside; best = g; }
      }
      if (best) choose(best.number, "map");
    } else return;
    event.preventDefault();
  });
  byId("tree").addEventListener("keydown", (event) => { if (event.key === "Escape") choose(0, "tree"); });
  addEventListener("resize", () => paint());
  // On paper the whole map is drawn, as nobody can zoom out there; on the screen it is as it was.
  const paper = matchMedia("print");
  let before = null;
  function onPaper(printing) {
    if (printing === Boolean(before)) return;
    const shown = before;
    before = printing ? { box: state.box } : null;
    const g = group(state.chosen);
    byId("on-paper").replaceChildren(...(printing && (g.number || state.matching || state.filter) ? ["This is a part of the page: the table lists what ", state.matching ? "the search found" : "is within ", state.matching ? "" : isolate((g.children.length ? g : group(Math.max(g.parent, 0))).name), state.filter ? ", of the conversations that the filter lets through" : "", ", and the map draws everything else pale."] : []));
    if (printing) setBox(null); else setBox(shown.box);
  }
  paper.addEventListener("change", () => onPaper(paper.matches));
  addEventListener("beforeprint", () => onPaper(true));
  addEventListener("afterprint", () => onPaper(false));

  // Begin.

  const option = (select, value, text) => byId(select).append(new Option(text, value));
  data.slices.forEach((slice) => option("filter-kind", slice.kind, `By ${NAMES[slice.kind]}…`));
  byId("filter-kind-box").hidden = !data.slices.length;
  const kinds = [...new Set(data.comparisons.map((c) => c.kind))];
  kinds.forEach((kind) => option("compare", kind, kind === "time" ? "Periods" : `${kind[0].toUpperCase()}${kind.slice(1)}s`));
  ["compare-box", "first-box", "second-box"].forEach((id) => { byId(id).hidden = !kinds.length; });
  if (kinds.length) { setCompare(kinds[0]); option("colour", "change", "Change"); }
  data.rates.forEach((set, i) => option("scorer", i, `${set.scorer} ${set.version}`));
  byId("scorer-box").hidden = !data.rates.length;
  if (data.rates.length) option("colour", "rate", "Scorer's rate");
  if (groups.some((g) => g.concern !== null)) option("colour", "concern", "Concern");
  if (groups.length) {
    setFilter();
    byId("explorer").hidden = false;
    drawMap(); drawChanges(); drawAudits(); refresh();
  }
})();
