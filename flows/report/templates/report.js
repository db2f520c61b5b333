"use strict";
// The browser of predictions. Data comes as one block (flows/report/payload.py); text reaches the page as text alone.
(() => {
  const PAGE = 25;
  const OUTCOMES = ["all", "right", "wrong", "changed", "fixed", "broken", "suspected"];
  const KINDS = { u8: Uint8Array, u16: Uint16Array, u32: Uint32Array, f32: Float32Array, f64: Float64Array };
  const get = (id) => document.getElementById(id);
  const root = get("browser");
  if (!root) return;

  const make = (tag, className, text) => {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  };
  const percent = (share) => (100 * share).toFixed(1) + "%";
  const figure = (value) => (Number.isFinite(value) ? value.toFixed(3) : "–");

  async function unpack(text) {
    const raw = atob(text.trim());
    const packed = new Uint8Array(raw.length);
    for (let i = 0; i < raw.length; i++) packed[i] = raw.charCodeAt(i);
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
    const block = await new Response(stream).arrayBuffer();
    const length = new DataView(block).getUint32(0, true);
    const head = JSON.parse(new TextDecoder().decode(new Uint8Array(block, 4, length)));
    const start = 4 + length;
    const column = (name) => {
      const found = head.columns[name];
      if (!found) return null;
      if (found.type === "text") return texts(new Uint8Array(block, start + found.at, found.bytes), column(name + ".length"));
      const kind = KINDS[found.type];
      return new kind(block, start + found.at, found.bytes / kind.BYTES_PER_ELEMENT);
    };
    return { head, column };
  }

  // Many texts in one string: a search is one pass over it, and only rows on the screen are cut out.
  function texts(bytes, lengths) {
    const whole = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
    const ends = new Uint32Array(lengths.length);
    let end = 0;
    for (let i = 0; i < lengths.length; i++) ends[i] = end += lengths[i];
    const at = (row) => whole.slice(row ? ends[row - 1] : 0, ends[row]);
    let lower = null;
    const prepare = () => { lower ??= whole.toLowerCase(); };
    const rowsWith = (wanted) => {
      const found = new Uint8Array(lengths.length);
      prepare();
      if (lower.length !== whole.length) { // letters that grow when they are lowered: slower, a row at a time
        for (let row = 0; row < found.length; row++) found[row] = at(row).toLowerCase().includes(wanted) ? 1 : 0;
        return found;
      }
      let row = 0;
      for (let hit = lower.indexOf(wanted); hit !== -1; ) {
        while (ends[row] <= hit) row++;
        if (hit + wanted.length <= ends[row]) {
          found[row] = 1;
          hit = lower.indexOf(wanted, ends[row]);
        } else hit = lower.indexOf(wanted, hit + 1); // it reaches into the next row
      }
      return found;
    };
    return { at, rowsWith, prepare, count: lengths.length };
  }

  function open({ head, column }) {
    const { names, models, scale, top: tops } = head;
    const classes = names.length > 0;
    const id = column("id"), text = column("text"), label = column("label"), slices = column("slices");
    const said = models.map((_, i) => {
      const of = (name) => column(i + "." + name);
      return { prediction: of("prediction"), before: of("before"), confidence: of("confidence"), loss: of("loss"), top: of("top"), odds: of("odds") };
    });
    const count = id.count;
    const suspected = new Uint8Array(count);
    for (const row of head.suspects) suspected[row] = 1;

    const fields = {};
    for (const name of ["model", "label", "prediction", "slice", "outcome", "low", "high", "search"]) fields[name] = get("by-" + name);
    const fill = (select, options) => {
      const list = document.createDocumentFragment();
      for (const [value, shown] of options) list.append(new Option(shown, value));
      select.append(list);
    };
    const hide = (name) => { fields[name].closest("label, fieldset").hidden = true; };
    fill(fields.model, models.map((name, i) => [i, name]));
    fields.model.value = root.dataset.model;
    if (models.length < 2) hide("model");
    if (classes) {
      const all = [["", "any"], ...names.map((name, i) => [i, name])];
      fill(fields.label, all);
      fill(fields.prediction, all);
    } else { hide("label"); hide("prediction"); }
    const known = [...new Set(head.combos.flat())].sort();
    if (known.length) fill(fields.slice, [["", "any"], ...known.map((name) => [name, name])]); else hide("slice");
    if (!said.some((one) => one.confidence)) hide("low");
    const moved = said.some((one) => one.before);
    const possible = OUTCOMES.filter((name) =>
      name === "all" || (name === "suspected" ? head.suspects.length : name === "changed" ? moved : name === "fixed" || name === "broken" ? moved && classes : classes));
    if (possible.length > 1) fill(fields.outcome, possible.map((name) => [name, name === "suspected" ? "suspected label" : name])); else hide("outcome");

    const state = { sort: "loss", down: true, first: 0, rows: new Uint32Array(0), open: -1, marked: -1 };
    const orders = new Map(); // of a column and, of what a model said, the model: all rows, ascending
    const model = () => said[fields.model.value];

    function order() {
      const key = state.sort + (state.sort === "id" || state.sort === "label" ? "" : ":" + fields.model.value);
      if (!orders.has(key)) {
        const rows = Uint32Array.from({ length: count }, (_, row) => row);
        if (state.sort === "id") {
          const ids = Array.from(rows, id.at);
          rows.sort((a, b) => (ids[a] < ids[b] ? -1 : ids[a] > ids[b] ? 1 : a - b));
        } else {
          const values = state.sort === "label" ? label : model()[state.sort];
          if (values) rows.sort((a, b) => values[a] - values[b] || a - b);
        }
        orders.set(key, rows);
      }
      return orders.get(key);
    }

    function outcome(one, row) {
      const was = one.before && one.before[row], now = one.prediction[row];
      const had = one.before && (classes ? was < names.length : !Number.isNaN(was));
      const right = classes && now === label[row];
      if (had && classes && right !== (was === label[row])) return right ? "fixed" : "broken";
      return classes ? (right ? "right" : "wrong") : "";
    }

    function matches() {
      const one = model(), { prediction, before, confidence } = one;
      const wantLabel = fields.label.value === "" ? -1 : +fields.label.value;
      const wantSaid = fields.prediction.value === "" ? -1 : +fields.prediction.value;
      const want = fields.outcome.value || "all";
      const low = Math.round((+fields.low.value || 0) / 100 * scale);
      const high = fields.high.value === "" ? scale : Math.round(+fields.high.value / 100 * scale);
      const slice = fields.slice.value;
      const within = slice ? Uint8Array.from(head.combos, (combo) => (combo.includes(slice) ? 1 : 0)) : null;
      const words = fields.search.value.trim().toLowerCase();
      const inText = words ? text.rowsWith(words) : null, inId = words ? id.rowsWith(words) : null;
      const none = names.length;
      const found = new Uint32Array(count);
      let size = 0;
      const all = order();
      for (let i = 0; i < count; i++) {
        const row = all[state.down ? count - 1 - i : i];
        if (wantLabel >= 0 && label[row] !== wantLabel) continue;
        if (wantSaid >= 0 && prediction[row] !== wantSaid) continue;
        if (confidence && (confidence[row] < low || confidence[row] > high)) continue;
        if (within && !within[slices[row]]) continue;
        if (inText && !inText[row] && !inId[row]) continue;
        if (want !== "all") {
          if (want === "suspected") { if (!suspected[row]) continue; } else {
            const right = prediction[row] === label[row];
            if (want === "right" ? !right : want === "wrong" && right) continue;
            if (want === "changed" || want === "fixed" || want === "broken") {
              if (!before || (classes ? before[row] === none : Number.isNaN(before[row])) || before[row] === prediction[row]) continue;
              if (want === "fixed" && !right) continue;
              if (want === "broken" && before[row] !== label[row]) continue;
            }
          }
        }
        found[size++] = row;
      }
      return found.subarray(0, size);
    }

    const body = get("rows"), told = get("told"), where = get("where");
    const named = (code) => (classes ? names[code] ?? "–" : figure(code));
    const cell = (className, title, content) => {
      const made = make("td", className);
      made.dataset.title = title;
      made.append(content);
      return made;
    };
    const clear = (content) => { const made = make("bdi", "", content); return made; };

    function drawn(row) {
      const one = model(), how = outcome(one, row);
      const line = make("tr", "prediction" + (row === state.marked ? " marked" : ""));
      line.dataset.row = row;
      const toggle = make("button", "toggle");
      toggle.type = "button";
      toggle.setAttribute("aria-expanded", String(row === state.open));
      toggle.setAttribute("aria-controls", "more-" + row);
      toggle.append(clear(text.at(row) || id.at(row)));
      const saidCell = cell("said " + how, "said", clear(named(one.prediction[row])));
      if (how) saidCell.append(" ", make("span", "tag " + how, how));
      line.append(cell("words", "row", toggle), cell("truth", "truth", clear(named(label[row]))), saidCell);
      if (suspected[row]) line.children[1].append(" ", make("span", "tag suspected", "suspected"));
      if (one.confidence) {
        const share = one.confidence[row] / scale;
        const meter = make("span", "meter");
        meter.append(make("span", "fill"));
        meter.firstChild.style.width = percent(share);
        const made = cell("n", "confidence", percent(share));
        made.prepend(meter);
        line.append(made);
      } else if (root.dataset.confidence) line.append(cell("n", "confidence", "–"));
      line.append(cell("n", "loss", figure(one.loss[row])));
      return line;
    }

    function more(row) {
      const line = make("tr", "more");
      line.id = "more-" + row;
      const inside = make("td");
      inside.colSpan = root.dataset.confidence ? 5 : 4;
      const full = make("p", "full");
      full.append(clear(text.at(row) || "The text of this row is not in the report."));
      inside.append(full);
      const list = make("dl");
      const add = (term, ...content) => {
        const group = make("div"), given = make("dd");
        given.append(...content);
        group.append(make("dt", "", term), given);
        list.append(group);
      };
      add("id", make("code", "", id.at(row)));
      add("truth", clear(named(label[row])));
      if (head.combos[slices[row]]?.length) add("slices", head.combos[slices[row]].join(", "));
      said.forEach((one, i) => {
        const content = [clear(named(one.prediction[row]))];
        if (one.top) {
          const odds = [];
          for (let k = 0; k < tops; k++) {
            const p = one.odds[row * tops + k] / scale;
            if (p > 0) odds.push(named(one.top[row * tops + k]) + " " + percent(p));
          }
          content.push(make("span", "dim", " (" + odds.join(", ") + ")"));
        }
        if (one.before && outcomeKnown(one, row)) content.push(make("span", "dim", " · before: " + named(one.before[row])));
        add(models[i], ...content);
      });
      inside.append(list);
      line.append(inside);
      return line;
    }
    const outcomeKnown = (one, row) => (classes ? one.before[row] < names.length : !Number.isNaN(one.before[row]));

    function draw() {
      const size = state.rows.length, last = Math.min(size, state.first + PAGE);
      const lines = document.createDocumentFragment();
      for (let i = state.first; i < last; i++) {
        lines.append(drawn(state.rows[i]));
        if (state.rows[i] === state.open) lines.append(more(state.rows[i]));
      }
      body.replaceChildren(lines);
      told.textContent = size === count ? count.toLocaleString("en") + " rows" : size.toLocaleString("en") + " of " + count.toLocaleString("en") + " rows";
      where.textContent = size ? (state.first + 1).toLocaleString("en") + "–" + last.toLocaleString("en") : "no row fits";
      get("back").disabled = get("start").disabled = state.first === 0;
      get("on").disabled = get("end").disabled = last >= size;
      for (const head of root.querySelectorAll("th[data-sort]")) {
        head.setAttribute("aria-sort", head.dataset.sort === state.sort ? (state.down ? "descending" : "ascending") : "none");
      }
    }

    function hint() { // bounds the wrong way round fit no row, which looks as if there were none
      const { low, high } = fields, crossed = low.value !== "" && high.value !== "" && +low.value > +high.value;
      get("crossed").hidden = !crossed;
      get("crossed").textContent = crossed ? "The lowest confidence, " + low.value + "%, is above the highest, " + high.value + "%: no row can fit." : "";
      for (const field of [low, high]) field.setAttribute("aria-invalid", String(crossed));
    }

    function filter() {
      const began = performance.now();
      hint();
      state.rows = matches();
      state.first = 0;
      draw();
      root.dataset.took = (performance.now() - began).toFixed(2);
    }

    function follow(row, by) {
      for (const name of ["label", "prediction", "slice", "low", "high", "search"]) fields[name].value = "";
      fields.outcome.value = "all";
      hint();
      if (by) fields.model.value = by;
      state.rows = matches();
      state.open = state.marked = row;
      state.first = Math.floor(state.rows.indexOf(row) / PAGE) * PAGE;
      draw();
      const button = body.querySelector('tr[data-row="' + row + '"] button');
      button.focus({ preventScroll: true });
      button.closest("tr").scrollIntoView({ block: "center" });
    }

    let waiting = 0;
    root.addEventListener("input", (event) => {
      if (!event.target.closest("form")) return;
      cancelAnimationFrame(waiting);
      waiting = requestAnimationFrame(filter);
    });
    root.querySelector("form").addEventListener("submit", (event) => event.preventDefault());
    root.querySelector("form").addEventListener("reset", () => setTimeout(() => { fields.model.value = root.dataset.model; fields.outcome.value = "all"; filter(); }));
    root.querySelector("thead").addEventListener("click", (event) => {
      const head = event.target.closest("th[data-sort]");
      if (!head) return;
      state.down = head.dataset.sort === state.sort ? !state.down : head.dataset.sort === "loss" || head.dataset.sort === "confidence";
      state.sort = head.dataset.sort;
      filter();
    });
    body.addEventListener("click", (event) => {
      const line = event.target.closest("tr.prediction");
      if (!line || String(getSelection())) return;
      const row = +line.dataset.row;
      state.open = state.open === row ? -1 : row;
      draw();
      body.querySelector('tr[data-row="' + row + '"] button').focus({ preventScroll: true });
    });
    for (const [name, to] of [["start", () => 0], ["back", () => state.first - PAGE], ["on", () => state.first + PAGE],
      ["end", () => Math.floor((state.rows.length - 1) / PAGE) * PAGE]]) {
      get(name).addEventListener("click", () => {
        state.first = Math.max(0, to());
        draw();
        if (get(name).disabled) get(name === "start" || name === "back" ? "on" : "back").focus(); // a disabled button loses the keyboard's place
      });
    }
    let from = null, came = ""; // the link that was followed last, and where the page stood
    document.addEventListener("click", (event) => {
      const link = event.target.closest("a[data-row]");
      if (!link) return;
      event.preventDefault();
      const { row, model: by } = link.dataset;
      if (history.state?.row === undefined) [from, came] = [link, location.hash];
      if (history.state?.row !== row) history.pushState({ row, by }, "", "#predictions"); // so that Back returns to the list
      follow(+row, by);
    });
    addEventListener("popstate", ({ state: to }) => {
      if (to?.row !== undefined) follow(+to.row, to.by);
      else if (from && location.hash === came) {
        from.focus({ preventScroll: true });
        from.scrollIntoView({ block: "center", behavior: "instant" });
      }
    });

    filter();
    root.hidden = false;
    get("waiting").remove();
    setTimeout(text.prepare, 200); // before somebody types
    setTimeout(id.prepare, 300);
    document.documentElement.dataset.ready = Math.round(performance.now());
  }

  const trouble = (error) => {
    get("waiting").textContent = "The predictions cannot be shown: " + error.message + ". A browser of 2023 or later is needed; the rest of the page is whole.";
  };
  unpack(get("predictions-data").textContent).then(open).catch(trouble);
})();
