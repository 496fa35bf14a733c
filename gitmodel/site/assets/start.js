// The router, and bright or dark.
(function (g) {
  "use strict";
  var main = document.getElementById("main");
  var isFirst = true;
  var drawn = 0;

  function show(found) {
    var now = g.where();
    var name = now.parts[0] || "models";
    var page = g.pages[name];
    var turn = drawn += 1;
    g.clear(main);
    if (!page) { return problem("There is no such page."); }
    mark(name);
    page({
      index: found,
      parts: now.parts.slice(1),
      query: now.query,
      // What was asked for may come after somebody has gone on to another page.
      draw: function (title, nodes) {
        if (turn !== drawn) { return; }
        g.clear(main);
        var heading = g.el("h1", { text: title, tabindex: "-1" });
        main.appendChild(heading);
        nodes.forEach(function (node) { if (node) { main.appendChild(node); } });
        document.title = title + " · " + document.body.getAttribute("data-name");
        if (!isFirst) { window.scrollTo(0, 0); heading.focus(); }
        isFirst = false;
      },
      fail: function (words) { if (turn === drawn) { problem(words); } }
    });
  }

  function problem(words) {
    g.clear(main);
    main.appendChild(g.el("h1", { text: "Not here" }));
    main.appendChild(g.el("p", { text: words }));
    isFirst = false;
  }

  function mark(name) {
    var current = { model: "models", version: "versions" }[name] || name;
    Array.prototype.forEach.call(document.querySelectorAll("header nav a"), function (link) {
      var its = link.getAttribute("href").slice(2) || "models";
      if (its === current) { link.setAttribute("aria-current", "page"); }
      else { link.removeAttribute("aria-current"); }
    });
  }

  function begin() {
    g.load("index", show, function () { problem("data/index.js cannot be read: build the site again."); });
  }

  function isDark() {
    var chosen = document.documentElement.getAttribute("data-theme");
    return chosen ? chosen === "dark" : window.matchMedia("(prefers-color-scheme: dark)").matches;
  }

  function theme() {
    var button = document.getElementById("theme");
    function label() { button.textContent = isDark() ? "Light" : "Dark"; }
    try {
      var kept = localStorage.getItem("gitmodel-theme");
      if (kept) { document.documentElement.setAttribute("data-theme", kept); }
    } catch (error) { /* no storage: the system's taste counts */ }
    button.addEventListener("click", function () {
      var chosen = isDark() ? "light" : "dark";
      document.documentElement.setAttribute("data-theme", chosen);
      try { localStorage.setItem("gitmodel-theme", chosen); } catch (error) { /* for this page only */ }
      label();
    });
    label();
  }

  document.querySelector(".skip").addEventListener("click", function (event) {
    event.preventDefault();
    main.focus();
  });
  window.addEventListener("hashchange", begin);
  theme();
  begin();
}(gitmodel));
