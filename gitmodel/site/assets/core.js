// One name, `gitmodel`, holds everything. Classic scripts: modules do not load from a disk.
// Texts go into the page as texts: nothing here writes HTML.
var gitmodel = (function () {
  "use strict";
  var kept = Object.create(null);
  var waiting = Object.create(null);
  var pages = Object.create(null);
  var SVG = "http://www.w3.org/2000/svg";

  function take(key, content) {
    kept[key] = content;
    var asked = waiting[key] || [];
    delete waiting[key];
    asked.forEach(function (each) { each.done(content); });
  }

  // Load `data/<key>.js` once, then call `done` with what it holds.
  function load(key, done, failed) {
    if (key in kept) { done(kept[key]); return; }
    if (waiting[key]) { waiting[key].push({ done: done, failed: failed }); return; }
    waiting[key] = [{ done: done, failed: failed }];
    var script = document.createElement("script");
    script.src = "data/" + key.split("/").map(encodeURIComponent).join("/") + ".js";
    script.onerror = function () {
      var asked = waiting[key] || [];
      delete waiting[key];
      asked.forEach(function (each) { if (each.failed) { each.failed(); } });
    };
    document.head.appendChild(script);
  }

  // Load several, then call `done` with all of them in their order.
  function loadAll(keys, done, failed) {
    var found = [];
    var left = keys.length;
    if (!left) { done(found); }
    keys.forEach(function (key, at) {
      load(key, function (content) {
        found[at] = content;
        left -= 1;
        if (!left) { done(found); }
      }, failed);
    });
  }

  function fill(node, attributes, children) {
    Object.keys(attributes || {}).forEach(function (name) {
      var value = attributes[name];
      if (value === undefined || value === null || value === false) { return; }
      if (name === "text") { node.textContent = value; }
      else if (name.slice(0, 2) === "on") { node.addEventListener(name.slice(2), value); }
      else if ((name === "href" || name === "src") && !isSafe(value)) { return; }
      else { node.setAttribute(name, value === true ? "" : value); }
    });
    (children || []).forEach(function (child) {
      if (child === null || child === undefined || child === false) { return; }
      node.appendChild(typeof child === "object" ? child : document.createTextNode(String(child)));
    });
    return node;
  }

  // Pages of the site itself, its files, and addresses of the web; no other scheme.
  function isSafe(address) { return /^(#|files\/[\w.-]+$|https?:\/\/)/.test(String(address)); }

  function el(name, attributes, children) { return fill(document.createElement(name), attributes, children); }

  function svg(name, attributes, children) {
    return fill(document.createElementNS(SVG, name), attributes, children);
  }

  function clear(node) {
    while (node.firstChild) { node.removeChild(node.firstChild); }
    return node;
  }

  function address(parts, query) {
    var words = Object.keys(query || {}).filter(function (name) {
      return query[name] !== "" && query[name] !== undefined && query[name] !== null;
    }).map(function (name) { return encodeURIComponent(name) + "=" + encodeURIComponent(query[name]); });
    return "#/" + parts.map(encodeURIComponent).join("/") + (words.length ? "?" + words.join("&") : "");
  }

  function decoded(text) {
    try { return decodeURIComponent(text); } catch (error) { return text; }
  }

  function where() {
    var text = location.hash.replace(/^#\/?/, "");
    var at = text.indexOf("?");
    var query = Object.create(null);
    (at < 0 ? "" : text.slice(at + 1)).split("&").filter(Boolean).forEach(function (word) {
      var cut = word.indexOf("=");
      query[decoded(cut < 0 ? word : word.slice(0, cut))] = cut < 0 ? "" : decoded(word.slice(cut + 1));
    });
    var path = at < 0 ? text : text.slice(0, at);
    return { parts: path.split("/").filter(Boolean).map(decoded), query: query };
  }

  // Keep what a page shows in its address, so that it can be shared; the page is not drawn again.
  function remember(changes) {
    var now = where();
    Object.keys(changes).forEach(function (name) { now.query[name] = changes[name]; });
    history.replaceState(null, "", address(now.parts, now.query));
  }

  function date(text) { return text ? text.slice(0, 10) : "–"; }
  function time(text) { return text ? text.slice(0, 16).replace("T", " ") + " UTC" : "–"; }

  function number(value) {
    if (typeof value !== "number") { return value === null || value === undefined ? "–" : String(value); }
    if (!isFinite(value)) { return String(value); }
    return String(Number.isInteger(value) ? value : Number(value.toPrecision(5)));
  }

  function section(title, children) {
    return el("section", { "data-part": title }, [el("h2", { text: title })].concat(children));
  }

  // A table that moves within a box of its own where the screen is narrow.
  function boxed(label, table) {
    return el("div", { "class": "box", role: "region", "aria-label": label, tabindex: "0" }, [table]);
  }

  // A plain table: heads, and rows of texts or nodes.
  function plain(label, heads, rows) {
    var head = el("tr", {}, heads.map(function (each) { return el("th", { scope: "col", text: each }); }));
    var body = rows.map(function (row) {
      return el("tr", {}, row.map(function (cell, at) {
        return el(at ? "td" : "th", at ? {} : { scope: "row" }, [cell === "" || cell === null ? "–" : cell]);
      }));
    });
    return boxed(label, el("table", {}, [el("thead", {}, [head]), el("tbody", {}, body)]));
  }

  function lookUp(found, name) {
    for (var at = 0; at < found.length; at += 1) { if (found[at][0] === name) { return found[at][1]; } }
    return undefined;
  }

  return {
    take: take, load: load, loadAll: loadAll, pages: pages, el: el, svg: svg, clear: clear, address: address,
    where: where, remember: remember, date: date, time: time, number: number, section: section, boxed: boxed,
    plain: plain, lookUp: lookUp
  };
}());
