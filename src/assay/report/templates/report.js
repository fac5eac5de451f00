"use strict";
// The samples browser: filters, transcripts drawn when opened, texts blurred until asked for.
// All text goes into the page as text; nothing is ever parsed as markup.
(() => {
  const STEP = 25;
  const byId = (id) => document.getElementById(id);
  const data = JSON.parse(byId("sample-data").textContent);
  const samples = data.samples;
  const runs = data.names.length ? data.names : ["Model"];
  const roles = { system: "System", user: "User", assistant: "Model", tool: "Tool", note: "Left out" };
  const form = byId("filters"), list = byId("list"), more = byId("more"), count = byId("count");
  const showAll = byId("show-all"), dialog = byId("show-all-dialog");
  let matching = [], drawn = 0, open = false;

  function make(tag, properties, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(properties || {})) {
      if (name in node) node[name] = value; else node.setAttribute(name, value);
    }
    node.append(...children.filter((child) => child !== null && child !== ""));
    return node;
  }
  const isolate = (text) => make("bdi", null, text);
  const veil = (text, kind) => make(kind || "div", {
    className: kind ? "snippet veil" : "veil", dir: "auto", ariaHidden: String(!open), textContent: text,
  });

  // What a sample looks like.

  function tag(score) {
    if (score.unscored) return make("span", { className: "tag unscored" }, "unscored");
    return score.unwanted ? make("span", { className: "tag unwanted" }, "unwanted") : null;
  }

  function outcome(side, i) {
    const told = make("span", { className: "outcome" });
    if (runs.length > 1) told.append(`${runs[i]}: `);
    if (!side) told.append("no such sample");
    else if (!side.scores.length) told.append("no score");
    else side.scores.forEach((score, at) => {
      if (at) told.append("; ");
      const mark = tag(score);
      told.append(isolate(score.scorer), ": ", mark || "", mark ? " " : "", isolate(score.result));
    });
    return told;
  }

  function row(sample) {
    const about = [sample.polarity, sample.area, sample.language].filter(Boolean);
    const asked = sample.shared.filter((message) => message.role === "user").pop();
    const where = make("span", { className: "where" }, isolate(sample.eval), " ", isolate(sample.id),
      sample.epoch > 1 ? ` (time ${sample.epoch})` : "");
    const told = make("span", { className: "quiet" });
    about.forEach((text) => told.append(" · ", isolate(text)));
    const details = make("details", { className: "sample" }, make("summary", null, where, told,
      make("span", { className: "line" }, ...sample.sides.map(outcome)),
      asked ? veil(asked.text.slice(0, 160), "span") : ""));
    details.addEventListener("toggle", () => {
      if (details.open && !details.querySelector(".body")) details.append(body(sample, details));
    });
    return make("li", null, details);
  }

  function body(sample, details) {
    const button = make("button", { type: "button", className: "reveal" });
    const node = make("div", { className: "body" }, button, part("What was asked", 3, sample.shared.map(message)));
    const extras = [["Right answers", sample.target], ["Options", sample.choices]];
    for (const [label, texts] of extras) {
      if (texts.length) node.append(make("p", { className: "fine" }, label), ...texts.map((text) => veil(text)));
    }
    node.append(make("div", { className: "pair" }, ...sample.sides.map(side)));
    const known = [["Pair", sample.pair], ["Cluster", sample.cluster]].filter(([, text]) => text);
    for (const [label, text] of known) node.append(make("p", { className: "fine" }, `${label}: `, isolate(text)));
    if (sample.metadata) node.append(make("p", { className: "fine" }, "Other fields of the sample"), veil(sample.metadata));
    button.addEventListener("click", () => reveal(details, button.ariaPressed !== "true"));
    node.addEventListener("click", (event) => {
      if (event.target.closest('.veil[aria-hidden="true"]')) reveal(details, true);
    });
    reveal(node, open);
    return node;
  }

  function side(told, i) {
    const title = runs.length > 1 ? `${runs[i]}: ` : "Reply of ";
    const heading = make("h3", null, title, isolate(data.models[i]));
    if (!told) return make("section", null, heading, make("p", null, "This run has no such sample."));
    const node = make("section", null, heading, ...told.messages.map(message));
    if (!told.messages.length) node.append(make("p", { className: "quiet" }, "No reply."));
    if (told.error) node.append(make("p", { className: "fine" }, "The conversation broke off:"), veil(told.error));
    if (told.stop) node.append(make("p", { className: "fine" }, "Ended by: ", isolate(told.stop)));
    if (told.chances) node.append(make("p", { className: "fine" }, "Chance of each option: ", isolate(told.chances)));
    told.scores.forEach((score) => node.append(...judged(score)));
    if (!told.scores.length) node.append(make("p", null, "No score."));
    return node;
  }

  function judged(score) {
    const mark = tag(score);
    const nodes = [make("h4", null, isolate(score.scorer), ": ", isolate(score.result), mark ? " " : null, mark)];
    if (score.by) nodes.push(make("p", { className: "fine" }, "Scored by ", isolate(score.by)));
    if (score.explanation) nodes.push(veil(score.explanation));
    if (score.citations.length) nodes.push(make("p", { className: "fine" }, "Resting on"), ...score.citations.map((text) => veil(text)));
    if (score.raw) nodes.push(make("p", { className: "fine" }, "The judge's own words"), veil(score.raw));
    return nodes;
  }

  function message(told) {
    const role = make("span", { className: "role fine" }, roles[told.role] || told.role);
    return make("div", { className: "message" }, role, told.role === "note" ? make("p", null, told.text) : veil(told.text));
  }

  function part(title, level, nodes) {
    return make("section", null, make(`h${level}`, null, title), ...nodes);
  }

  function reveal(node, shown) {
    node.querySelectorAll(".veil").forEach((one) => { one.ariaHidden = String(!shown); });
    node.querySelectorAll(".reveal").forEach((button) => {
      button.ariaPressed = String(shown);
      button.textContent = shown ? "Blur the text of this sample" : "Show the text of this sample";
    });
  }

  // Which samples are listed.

  function value(name) {
    const field = byId(`filter-${name}`);
    return field ? field.value : "";
  }

  function haystack(sample) {
    if (sample.haystack === undefined) {
      const sides = sample.sides.filter(Boolean);
      const texts = [sample.id, sample.metadata, ...sample.target, ...sample.choices, ...sample.shared.map((m) => m.text)];
      for (const one of sides) {
        texts.push(one.error, ...one.messages.map((m) => m.text));
        one.scores.forEach((score) => texts.push(score.result, score.explanation, score.raw, ...score.citations));
      }
      sample.haystack = texts.join("\n").toLowerCase();
    }
    return sample.haystack;
  }

  function filter() {
    const [tier, label, text] = [value("tier"), value("labels"), value("text").trim().toLowerCase()];
    const exact = ["eval", "polarity", "area", "language"].map((name) => [name, value(name)]).filter(([, wanted]) => wanted);
    const differ = byId("filter-differ") && byId("filter-differ").checked;
    matching = samples.filter((sample) =>
      exact.every(([name, wanted]) => sample[name] === wanted)
      && (!tier || (tier === "scored" ? sample.tier !== "unscored" : sample.tier === tier))
      && (!label || sample.labels.includes(label))
      && (!differ || sample.differ)
      && (!text || haystack(sample).includes(text)));
    list.replaceChildren();
    drawn = 0;
    draw();
  }

  function draw() {
    const first = drawn;
    list.append(...matching.slice(drawn, drawn + STEP).map(row));
    drawn = Math.min(matching.length, drawn + STEP);
    more.hidden = drawn >= matching.length;
    const number = (n) => n.toLocaleString("en");
    count.textContent = matching.length
      ? `${number(drawn)} of ${number(matching.length)} matching samples are listed.`
      : samples.length ? "No sample matches these filters." : "There is no sample to show.";
    return list.children[first];
  }

  function setOpen(shown) {
    open = shown;
    showAll.ariaPressed = String(shown);
    showAll.textContent = shown ? "Blur all texts" : "Show all texts…";
    reveal(list, shown);
  }

  let waiting;
  form.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(filter, 120); });
  form.addEventListener("reset", () => setTimeout(filter));
  form.addEventListener("submit", (event) => event.preventDefault());
  more.addEventListener("click", () => { const next = draw(); if (next) next.querySelector("summary").focus(); });
  showAll.addEventListener("click", () => { if (open) setOpen(false); else dialog.showModal(); });
  byId("show-all-no").addEventListener("click", () => dialog.close());
  byId("show-all-yes").addEventListener("click", () => { dialog.close(); setOpen(true); });
  document.querySelectorAll(".to-samples").forEach((link) => link.addEventListener("click", () => {
    form.reset();
    for (const name of ["eval", "polarity", "area", "language"]) {
      const field = byId(`filter-${name}`);
      if (!field) continue;
      const wanted = link.dataset[name] || "";
      field.value = wanted;
      if (field.value !== wanted) field.append(new Option(wanted, wanted, false, true)); // none is here
    }
    filter();
  }));

  // Paper shows what is folded in full.
  const sheets = [...document.querySelectorAll("details.sheet:not(.sql), details.slices")];
  let closed = [];
  addEventListener("beforeprint", () => { closed = sheets.filter((one) => !one.open); closed.forEach((one) => { one.open = true; }); });
  addEventListener("afterprint", () => closed.forEach((one) => { one.open = false; }));

  form.hidden = false;
  filter();
})();
