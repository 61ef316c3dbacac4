// Checks the page in the reader's browser: gives the files of the ledger to the module, and shows
// its verdict. What is said is the module's; the page has the other words. Nothing is sent anywhere.
"use strict";
(async () => {
  const body = document.body, up = body.dataset.up, path = body.dataset.page;
  const at = (id) => document.getElementById(id);
  // A page in one file has the ledger, or a proof, inside.
  const inside = at("files_") && JSON.parse(at("files_").textContent);
  const panel = at("check_"), key = at("key_"), run = at("run_"), progress = at("progress_"), out = at("verdict_");
  const settings = JSON.parse(at("settings_").textContent);
  const main = at("main_"), shown = main.innerHTML;
  const memory = new URL(up || "./", location.href.split(/[?#]/)[0]).href;
  const encoder = new TextEncoder(), decoder = new TextDecoder();
  let calls = null;

  // The store of a browser may be shut: then nothing is remembered.
  const kept = (name) => { try { return localStorage.getItem(memory + name); } catch { return null; } };
  const keep = (name, value) => { try { localStorage.setItem(memory + name, value); } catch { /* not remembered */ } };

  const bytes = async (name) => {
    if (inside) return name in inside ? Uint8Array.from(atob(inside[name]), (c) => c.charCodeAt(0)) : null;
    const answer = await fetch(up + name, { cache: "no-store", redirect: "error" });
    if (answer.status === 404) return null;
    if (!answer.ok) throw new Error(name + ": " + answer.status);
    return new Uint8Array(await answer.arrayBuffer());
  };
  const room = (data) => {
    const place = calls.heldto_room(data.length);
    new Uint8Array(calls.memory.buffer, place, data.length).set(data);
    return [place, data.length];
  };
  const put = (name, data) => calls.heldto_put(...room(encoder.encode(name)), ...room(data));
  const ask = (request) => {
    const answer = BigInt.asUintN(64, calls.heldto_call(...room(encoder.encode(JSON.stringify(request)))));
    const place = Number(answer >> 32n), length = Number(answer & 0xffffffffn);
    const text = decoder.decode(new Uint8Array(calls.memory.buffer, place, length));
    calls.heldto_take(place, length);
    return JSON.parse(text);
  };
  const say = (kind, title, lines) => {
    const box = document.createElement("div"), list = document.createElement("ul"), head = document.createElement("p");
    box.className = "verdict " + kind;
    head.append(Object.assign(document.createElement("strong"), { textContent: title }));
    for (const line of lines) list.append(Object.assign(document.createElement("li"), { textContent: line }));
    box.append(head, list);
    out.replaceChildren(box);
    out.dataset.verdict = kind;
  };

  const check = async () => {
    const source = await bytes("heldto.wasm");
    if (!source) throw new Error(panel.dataset.none);
    calls = (await WebAssembly.instantiate(source, {})).instance.exports;
    if (inside && inside.proof) {
      put("proof", await bytes("proof"));
      return compared(ask({ do: "proof", key: key.value }));
    }
    for (const name of ["checkpoint", "manifest.txt"]) {
      const data = await bytes(name);
      if (data) put(name, data);
    }
    const needs = ask({ do: "needs" });
    if (needs.error) return { verdict: "broken", title: panel.dataset.broken, lines: [needs.error] };
    const names = [...needs.required, ...needs.older];
    progress.max = names.length;
    let next = 0, done = 0;
    const fetchAll = async () => {
      while (next < names.length) {
        const name = names[next++], data = await bytes(name);
        if (data) put(name, data);
        progress.value = ++done;
      }
    };
    await Promise.all(Array.from({ length: 6 }, fetchAll));
    const page = inside ? null : await bytes(path);
    if (page) put("page", page);
    if (!inside) put("heldto.wasm", source);
    progress.removeAttribute("value");
    // The browser draws the bar before the module keeps it busy.
    await new Promise((drawn) => setTimeout(drawn, 20));
    const found = ask({ do: "check", settings, page: path, key: key.value, seen: kept("checkpoint"), single: !!inside });
    if (inside) return compared(found);
    if (found.verdict !== "sound" || isShown(decoder.decode(page))) return found;
    return { verdict: "broken", title: panel.dataset.broken, lines: [panel.dataset.other] };
  };

  // Returns the verdict on a page in one file: what it shows must be what the module gives.
  const compared = (found) => {
    const given = new DOMParser().parseFromString("<main>" + found.main + "</main>", "text/html").querySelector("main");
    if (found.verdict !== "sound" || given.innerHTML === main.innerHTML) return found;
    return { verdict: "broken", title: panel.dataset.broken, lines: [panel.dataset.changed] };
  };

  // A host can serve one page to be read and another to be checked: what is shown must be what was
  // checked. Other parts of the document may be a browser's own.
  const isShown = (text) => {
    const checked = new DOMParser().parseFromString(text, "text/html");
    const parts = (of) => ["title", "body > header", "main", "body > footer"].map((name) => of.querySelector(name)?.innerHTML);
    return document.querySelectorAll("main, body > header, body > footer").length === 3
      && JSON.stringify(parts(document)) === JSON.stringify(parts(checked));
  };

  run.addEventListener("click", async () => {
    run.disabled = true;
    progress.hidden = false;
    out.replaceChildren();
    at("after_").hidden = true;
    back(settings.as_of);
    try {
      const found = await check();
      if (found.error) throw new Error(found.error);
      say(found.verdict, found.title, found.lines);
      if (found.verdict === "sound") {
        if (found.seen) keep("checkpoint", found.seen);
        keep("key", key.value);
        at("after_").hidden = !!(inside && inside.proof);
      }
    } catch (error) {
      calls = null;
      say("unsure", panel.dataset.failed, [error instanceof Error ? error.message : String(error)]);
    }
    progress.hidden = true;
    run.disabled = false;
  });

  // The record on another day.
  const slider = at("slider_"), day = at("day_"), length = 86400000;
  const first = Date.parse(panel.dataset.first), last = Date.parse(settings.as_of);
  const iso = (time) => new Date(time).toISOString().slice(0, 10);
  slider.min = 0;
  slider.max = Math.max(0, (last - first) / length);
  day.min = iso(first);
  day.max = settings.as_of;
  const back = (text) => {
    day.value = text;
    slider.value = (Date.parse(text) - first) / length;
    slider.setAttribute("aria-valuetext", text);
    if (text === settings.as_of) {
      if (main.dataset.day !== undefined) main.innerHTML = shown;
      delete main.dataset.day;
      return;
    }
    const answer = calls ? ask({ do: "page", page: path, day: text, single: !!inside }) : {};
    const page = answer.page || (answer.main && '<main id="main_">' + answer.main + "</main>");
    const then = page && new DOMParser().parseFromString(page, "text/html").getElementById("main_");
    if (then) main.innerHTML = then.innerHTML;
    else main.replaceChildren(Object.assign(document.createElement("p"), { textContent: panel.dataset.unknown }));
    main.dataset.day = text;
  };
  slider.addEventListener("change", () => back(iso(first + slider.value * length)));
  slider.addEventListener("input", () => { day.value = iso(first + slider.value * length); });
  day.addEventListener("change", () => { if (day.value && day.validity.valid) back(day.value); });

  key.value = kept("key") || "";
  back(settings.as_of);
  panel.hidden = location.protocol === "file:" && !inside;
})();
