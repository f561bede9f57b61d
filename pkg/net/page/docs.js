"use strict";
// The forms work with this script only, so it is what makes them visible.
for (const form of document.querySelectorAll("form")) {
  form.parentElement.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    let path = form.dataset.path;
    const query = new URLSearchParams(), headers = {};
    let body, bodyType = "";
    for (const field of form.elements) {
      const v = field.value, name = field.name;
      switch (field.dataset.in) {
        case "path": path = path.replace("{" + name + "}", encodeURIComponent(v)); break;
        case "query": if (v) query.append(name, v); break;
        case "header": if (v) headers[name] = v; break;
        case "type": bodyType = v; break;
        case "body": if (v) body = v; break;
      }
    }
    if (body !== undefined && bodyType) headers["Content-Type"] = bodyType;
    const url = path + (query.size ? "?" + query : "");
    const state = form.querySelector(".state"), out = form.querySelector("pre");
    state.hidden = out.hidden = false;
    state.textContent = "…";
    state.className = "state";
    const begun = performance.now();
    try {
      const res = await fetch(url, { method: form.dataset.method, headers, body });
      const text = await res.text();
      const took = Math.round(performance.now() - begun);
      state.textContent = res.status + " " + res.statusText + " · " + took + " ms · " + (res.headers.get("Content-Type") || "no content");
      state.classList.add(res.ok ? "good" : "bad");
      try { out.textContent = JSON.stringify(JSON.parse(text), null, 2); } catch { out.textContent = text; }
      out.hidden = out.textContent === "";
    } catch (err) {
      state.textContent = err.message;
      state.classList.add("bad");
      out.hidden = true;
    }
  });
}
