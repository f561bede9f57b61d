// Loads the page again when another program runs, and shows what is wrong with one
// that does not compile.
(() => {
  const mine = new URL(document.currentScript.src).searchParams.get("build");
  let state = "";
  let shown = null;

  function show(text) {
    shown?.remove();
    shown = null;
    if (!text) return;
    shown = document.createElement("section");
    shown.id = "aro-problems";
    shown.setAttribute("role", "alert");
    shown.style.cssText = "position:fixed;inset:auto 0 0 0;max-height:70vh;overflow:auto;margin:0;padding:1rem 1.25rem;" +
      "background:#1f1315;color:#fbe9e7;border-top:4px solid #e5484d;font:14px/1.5 ui-monospace,monospace;z-index:2147483647;text-align:left";
    const head = document.createElement("strong");
    head.textContent = "This edit does not compile; the last good program goes on.";
    const hide = document.createElement("button");
    hide.textContent = "Hide";
    hide.style.cssText = "float:right;font:inherit;color:inherit;background:none;border:1px solid currentColor;border-radius:4px;cursor:pointer";
    hide.onclick = () => show("");
    const body = document.createElement("pre");
    body.textContent = text;
    body.style.cssText = "margin:.75rem 0 0;white-space:pre-wrap;font:inherit;background:none;color:inherit;border:0;padding:0";
    shown.append(hide, head, body);
    document.body.append(shown);
  }

  async function follow() {
    for (;;) {
      try {
        const answer = await fetch("/.aro/live?since=" + state, { cache: "no-store" });
        if (!answer.ok) throw new Error(answer.statusText);
        const news = await answer.json();
        state = news.state;
        if (news.build !== mine) {
          location.reload();
          return;
        }
        show(news.problems);
      } catch {
        state = ""; // the application ends, or starts again
        await new Promise((done) => setTimeout(done, 300));
      }
    }
  }
  follow();
})();
