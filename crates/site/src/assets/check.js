// Checks the page in the reader's browser: gives the files of the ledger to the module, shows its
// verdict, and puts the checked page in place of the one that was served. What is said is the
// module's; the page has the other words. Nothing is sent anywhere.
"use strict";
(() => {
  // The folder of the site is that of this script, whatever the page says. A page in one file has
  // this script, and its files, inside; a checker of any ledger has no page to check.
  const source = document.currentScript.src;
  const base = source ? new URL(".", source).href : null;
  const address = location.href.split(/[?#]/)[0];
  const named = (path) => (path === "" || path.endsWith("/") ? path + "index.html" : path.endsWith(".html") ? path : path + ".html");
  const path = base && named(address.slice(base.length));
  const at = (id) => document.getElementById(id);
  const encoder = new TextEncoder(), decoder = new TextDecoder();
  const length = 86400000;
  const iso = (time) => new Date(time).toISOString().slice(0, 10);
  let first = 0, calls = null, isBusy = false, settings = null, shown = "";

  // The store of a browser may be shut: then nothing is remembered.
  const kept = (memory) => { try { return localStorage.getItem(memory + "checkpoint"); } catch { return null; } };
  const keep = (memory, value) => { try { localStorage.setItem(memory + "checkpoint", value); } catch { /* not remembered */ } };

  const inside = () => JSON.parse(at("files_").textContent);
  const ofPage = async (name) => {
    const files = inside();
    return name in files ? Uint8Array.from(atob(files[name]), (c) => c.charCodeAt(0)) : null;
  };
  const ofHost = (base) => async (name) => {
    // A host may shorten an address of its own site, but not lead to another.
    const redirect = at("address_") ? "error" : "follow";
    const answer = await fetch(base + name, { cache: "no-store", redirect, signal: AbortSignal.timeout(60000) });
    if (!answer.url.startsWith(base)) throw new Error(name + ": " + answer.url);
    if (answer.status === 404) return null;
    if (!answer.ok) throw new Error(name + ": " + answer.status);
    return new Uint8Array(await answer.arrayBuffer());
  };
  const ofFolder = (list) => {
    const files = new Map(Array.from(list, (file) => [file.webkitRelativePath.replace(/^[^/]*\//, ""), file]));
    return async (name) => (files.has(name) ? new Uint8Array(await files.get(name).arrayBuffer()) : null);
  };
  // The address of the folder of a ledger, or of a page of its site.
  const folderOf = (text) => {
    let url = null;
    const whole = text.includes("://") ? text.trim() : "https://" + text.trim();
    try { url = new URL(whole); } catch { /* no address */ }
    if (!url || !/^https?:$/.test(url.protocol) || !/[.:]|^localhost$/.test(url.host)) throw new Error(at("check_").dataset.where);
    const page = /(?:(?:bodies|meetings|metrics|commitments|sources|facts)\/|figures\/[^/]+\/)?(?!index\.html$)[^/]*\.html$|index\.html$/;
    return url.origin + url.pathname.replace(page, "").replace(/\/?(checkpoint)?$/, "/");
  };
  const room = (data) => {
    const place = calls.heldto_room(data.length);
    new Uint8Array(calls.memory.buffer, place, data.length).set(data);
    return [place, data.length];
  };
  const put = (name, data) => calls.heldto_put(...room(encoder.encode(name)), ...room(data));
  const ask = (request) => {
    const answer = BigInt.asUintN(64, calls.heldto_call(...room(encoder.encode(JSON.stringify(request)))));
    const place = Number(answer >> 32n), size = Number(answer & 0xffffffffn);
    const text = decoder.decode(new Uint8Array(calls.memory.buffer, place, size));
    calls.heldto_take(place, size);
    return JSON.parse(text);
  };

  const say = (kind, title, lines) => {
    const out = at("verdict_"), box = document.createElement("div");
    const list = document.createElement("ul"), head = document.createElement("p");
    box.className = "verdict " + kind;
    head.append(Object.assign(document.createElement("strong"), { textContent: title }));
    for (const line of lines) list.append(Object.assign(document.createElement("li"), { textContent: line }));
    box.append(head, list);
    out.replaceChildren(box);
    out.dataset.verdict = kind;
  };
  // Takes a verdict back, and with it what is shown of a ledger that may be another now.
  const unsay = () => {
    at("verdict_").replaceChildren();
    delete at("verdict_").dataset.verdict;
    at("after_").hidden = true;
    at("then_").textContent = "";
    if (at("address_")) at("main_").replaceChildren();
  };

  const check = async (key) => {
    const words = at("check_").dataset, progress = at("progress_"), isAny = !!at("address_");
    const chosen = isAny && at("folder_").files.length > 0;
    const where = isAny && !chosen ? folderOf(at("address_").value) : base;
    const bytes = chosen ? ofFolder(at("folder_").files) : where ? ofHost(where) : ofPage;
    const module = await (base ? bytes : ofPage)("heldto.wasm");
    if (!module) throw new Error(words.none);
    calls = (await WebAssembly.instantiate(module, {})).instance.exports;
    if (!base && inside().proof) {
      put("proof", await bytes("proof"));
      return ask({ do: "proof", key });
    }
    for (const name of ["checkpoint", "manifest.txt"]) {
      // A host may let other sites read the ledger alone, which needs no manifest.
      const data = await bytes(name).catch((error) => { if (isAny && name === "manifest.txt") return null; throw error; });
      if (data) put(name, data);
      else if (isAny && name === "checkpoint") throw new Error(words.unread);
    }
    const needs = ask({ do: "needs" });
    if (needs.error) return { verdict: "broken", title: words.broken, lines: [needs.error] };
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
    let page = null;
    if (base) {
      page = await bytes(path);
      if (!page) throw new Error(path + ": 404");
      put("page", page);
      put("heldto.wasm", module);
      const parsed = new DOMParser().parseFromString(decoder.decode(page), "text/html");
      settings = JSON.parse(parsed.getElementById("settings_").textContent);
    }
    progress.removeAttribute("value");
    // The browser draws the bar before the module keeps it busy.
    await new Promise((drawn) => setTimeout(drawn, 20));
    const memory = chosen ? null : where || address;
    const request = { do: "check", settings: isAny ? null : settings, page: path, key, seen: memory && kept(memory), today: iso(Date.now()) };
    const folder = chosen && at("folder_").files[0].webkitRelativePath.split("/")[0];
    const checked = isAny ? words.checked + " " + (chosen ? folder : where) : null;
    return { ...ask(request), page: page && decoder.decode(page), memory, checked };
  };

  // A page in one file has no other bytes to compare than what it shows.
  const isSame = (main) => {
    const given = new DOMParser().parseFromString("<main>" + main + "</main>", "text/html").querySelector("main");
    return given.innerHTML === shown;
  };

  // Puts the checked page in place of the whole document, which may show something else. Scripts of
  // a page that is parsed like this do not run.
  const replace = (found, key) => {
    if (found.page) {
      const checked = new DOMParser().parseFromString(found.page, "text/html");
      document.replaceChild(document.adoptNode(checked.documentElement), document.documentElement);
    } else {
      at("main_").innerHTML = found.main;
      at("settings_").textContent = JSON.stringify(found.settings || settings);
      at("check_").dataset.first = found.first || at("check_").dataset.first;
    }
    wire();
    at("key_").value = key;
  };

  // Until the check has ended, what is checked stays as it is.
  const hold = (isHeld) => {
    for (const name of ["key_", "address_", "folder_", "run_"]) if (at(name)) at(name).disabled = isHeld;
    at("progress_").hidden = !isHeld;
    isBusy = isHeld;
  };

  const run = async () => {
    if (isBusy) return;
    const key = at("key_").value;
    if (!at("address_") && settings && shown) back(settings.as_of);
    unsay();
    hold(true);
    try {
      const found = await check(key);
      if (found.error) throw new Error(found.error);
      if (found.verdict === "sound" && !base && !at("address_") && !isSame(found.main)) {
        found.verdict = "broken";
        found.title = at("check_").dataset.broken;
        found.lines = [at("check_").dataset.changed];
      }
      if (found.verdict === "sound") {
        replace(found, key);
        if (found.seen && found.memory) keep(found.memory, found.seen);
        at("after_").hidden = !base && !!inside().proof;
      }
      say(found.verdict, found.title, found.checked ? [found.checked, ...found.lines] : found.lines);
    } catch (error) {
      calls = null;
      const words = at("check_").dataset;
      // A browser does not say why it could not read another host.
      const why = error instanceof TypeError && at("address_") ? words.unread : String(error.message || error);
      say("unsure", words.failed, [why]);
    }
    hold(false);
    at("run_").focus({ preventScroll: true });
    at("verdict_").scrollIntoView({ block: "center" });
  };

  // Shows the record on a day.
  const back = (day) => {
    const main = at("main_"), words = at("check_").dataset;
    at("day_").value = day;
    at("slider_").value = (Date.parse(day) - first) / length;
    at("slider_").setAttribute("aria-valuetext", day);
    at("then_").textContent = day === settings.as_of ? "" : words.then + " " + day + ".";
    if (day === settings.as_of) {
      main.innerHTML = shown;
      return;
    }
    const answer = calls ? ask({ do: "page", page: path, day }) : {};
    const page = answer.page || (answer.main && '<main id="main_">' + answer.main + "</main>");
    const then = page && new DOMParser().parseFromString(page, "text/html").getElementById("main_");
    if (then) main.innerHTML = then.innerHTML;
    else main.replaceChildren(Object.assign(document.createElement("p"), { textContent: words.unknown }));
  };

  // The day that is chosen, if the record has it.
  const chosenDay = () => {
    const day = at("day_");
    if (day.value && day.validity.valid) return day.value;
    at("then_").textContent = at("check_").dataset.day;
    return null;
  };

  // Shows the facts that match on the verified log, in place of the page.
  const search = () => {
    const day = chosenDay();
    if (!day) return;
    const request = { do: "report", report: "timeline", format: "html", day, text: at("words_").value };
    for (const name of ["since", "until"]) if (at(name + "_").value) request[name] = at(name + "_").value;
    const answer = ask(request), words = at("check_").dataset;
    // The look of the report is that of the site, and its own is not allowed here.
    const text = answer.text && answer.text.replace(/<style>[^<]*<\/style>/, "");
    const found = text && new DOMParser().parseFromString(text, "text/html").querySelector("main");
    if (found) at("main_").innerHTML = found.innerHTML;
    at("then_").textContent = answer.error || words.found;
    at("main_").scrollIntoView();
  };

  const download = () => {
    const report = at("report_").value, format = at("format_").value, day = chosenDay();
    if (!day) return;
    const answer = ask({ do: "report", report, format, day });
    if (answer.error) {
      at("then_").textContent = answer.error;
      return;
    }
    const ending = format === "table" ? "txt" : format;
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([answer.text], { type: "text/plain" }));
    link.download = report + "-" + day + "." + ending;
    link.click();
    URL.revokeObjectURL(link.href);
  };

  const choose = () => { const day = chosenDay(); if (day) back(day); };
  const slid = () => back(iso(first + at("slider_").value * length));
  const slide = () => { at("day_").value = iso(first + at("slider_").value * length); };
  // A ledger is at an address or in a folder: what was given last.
  const typed = () => { at("folder_").value = ""; unsay(); };
  const picked = () => { at("address_").value = ""; unsay(); };

  // A listener that is there already is not added again.
  const wire = () => {
    const panel = at("check_"), slider = at("slider_"), day = at("day_");
    first = Date.parse(panel.dataset.first);
    settings = JSON.parse(at("settings_").textContent);
    shown = at("main_").innerHTML;
    at("run_").addEventListener("click", run);
    at("key_").addEventListener("input", unsay);
    if (at("address_")) at("address_").addEventListener("input", typed);
    if (at("folder_")) at("folder_").addEventListener("input", picked);
    panel.hidden = location.protocol === "file:" && !!base;
    if (!settings) return;
    slider.min = 0;
    slider.max = Math.max(0, (Date.parse(settings.as_of) - first) / length);
    slider.value = slider.max;
    day.min = iso(first);
    day.max = day.value = settings.as_of;
    at("search_").addEventListener("click", search);
    at("download_").addEventListener("click", download);
    slider.addEventListener("change", slid);
    slider.addEventListener("input", slide);
    day.addEventListener("change", choose);
  };
  // A copy that was saved after a check has checked nothing.
  if (at("address_")) at("settings_").textContent = "null";
  unsay();
  wire();
})();
