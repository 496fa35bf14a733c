// A table that is searched, sorted and turned over, and stays quick with ten thousand rows.
gitmodel.table = (function (g) {
  "use strict";
  var PAGE = 50, FEW = 8;

  // options: label; columns: [{key, title, value(row), cell(row), down}]; rows; filters: [{key, title, choices,
  // meets(row, chosen)}]; query: what the address says; order: the first order; inOrder: whether the rows come
  // in it. Returns a node.
  function table(options) {
    var columns = options.columns;
    var filters = options.filters || [];
    var state = { q: options.query.q || "", sort: options.query.sort || options.order || "", page: 1 };
    state.page = Math.max(1, parseInt(options.query.page, 10) || 1);
    filters.forEach(function (each) { state[each.key] = options.query[each.key] || ""; });
    var texts = options.rows.map(function (row) {
      return columns.map(function (column) {
        var value = column.value(row);
        return value === null || value === undefined ? "" : String(value);
      }).join("\n").toLowerCase();
    });
    var status = g.el("p", { "class": "status", role: "status" });
    var body = g.el("tbody", {});
    var turning = g.el("nav", { "class": "turn", "aria-label": "Pages of " + options.label });
    var heads = columns.map(head);

    function head(column) {
      var button = g.el("button", { type: "button", text: column.title, onclick: function () {
        var down = column.down ? "-" : "";
        var first = down + column.key;
        var second = (down ? "" : "-") + column.key;
        change({ sort: state.sort === first ? second : first, page: 1 });
      } });
      return g.el("th", { scope: "col" }, [button]);
    }

    function change(changes) {
      Object.keys(changes).forEach(function (name) { state[name] = changes[name]; });
      var told = { q: state.q, sort: state.sort === options.order ? "" : state.sort };
      told.page = state.page > 1 ? state.page : "";
      filters.forEach(function (each) { told[each.key] = state[each.key]; });
      g.remember(told);
      draw();
    }

    function chosen() {
      var words = state.q.toLowerCase().split(/\s+/).filter(Boolean);
      var found = [];
      options.rows.forEach(function (row, at) {
        var meets = words.every(function (word) { return texts[at].indexOf(word) >= 0; });
        if (meets && filters.every(function (each) {
          return !state[each.key] || each.meets(row, state[each.key]);
        })) { found.push(row); }
      });
      return sorted(found);
    }

    function sorted(rows) {
      if (options.inOrder && state.sort === options.order) { return rows; }
      var down = state.sort.charAt(0) === "-";
      var key = down ? state.sort.slice(1) : state.sort;
      var column = columns.filter(function (each) { return each.key === key; })[0];
      if (!column) { return rows; }
      var order = column.order || column.value;
      var keyed = rows.map(function (row, at) { return { row: row, value: order(row), at: at }; });
      keyed.sort(function (one, other) {
        return compare(one.value, other.value, down) || one.at - other.at;
      });
      return keyed.map(function (each) { return each.row; });
    }

    function draw() {
      var rows = chosen();
      var last = Math.max(1, Math.ceil(rows.length / PAGE));
      var page = Math.min(state.page, last);
      var first = (page - 1) * PAGE;
      g.clear(body);
      rows.slice(first, first + PAGE).forEach(function (row) {
        body.appendChild(g.el("tr", {}, columns.map(function (column, at) {
          return g.el(at ? "td" : "th", at ? {} : { scope: "row" }, [column.cell ? column.cell(row) : text(column, row)]);
        })));
      });
      columns.forEach(function (column, at) {
        var way = state.sort === column.key ? "ascending" : state.sort === "-" + column.key ? "descending" : "none";
        heads[at].setAttribute("aria-sort", way);
      });
      var all = options.rows.length;
      status.textContent = (rows.length === all ? all : rows.length + " of " + all) + " " + options.label;
      turn(page, last);
    }

    function turn(page, last) {
      g.clear(turning);
      if (last < 2) { return; }
      [["First", 1], ["Before", page - 1], ["Next", page + 1], ["Last", last]].forEach(function (each) {
        var isOff = each[1] < 1 || each[1] > last || each[1] === page;
        turning.appendChild(g.el("button", { type: "button", disabled: isOff, text: each[0], onclick: function () {
          change({ page: each[1] });
          status.scrollIntoView({ block: "nearest" });
        } }));
      });
      turning.appendChild(g.el("span", { text: "page " + page + " of " + last }));
    }

    var search = g.el("input", { type: "search", value: state.q, oninput: function () {
      change({ q: search.value, page: 1 });
    } });
    var fields = [g.el("label", {}, ["Search", search])].concat(filters.map(function (each) {
      var select = g.el("select", { onchange: function () {
        var changes = { page: 1 };
        changes[each.key] = select.value;
        change(changes);
      } }, [g.el("option", { value: "", text: "all" })].concat(each.choices.map(function (choice) {
        return g.el("option", { value: choice, text: choice });
      })));
      select.value = state[each.key];
      return g.el("label", {}, [each.title, select]);
    }));
    var whole = g.el("table", {}, [g.el("thead", {}, [g.el("tr", {}, heads)]), body]);
    draw();
    var isLong = options.rows.length > FEW || filters.length;
    return g.el("div", { "class": "listing" }, [
      isLong ? g.el("div", { "class": "fields", role: "search", "aria-label": options.label }, fields) : null,
      status, g.boxed(options.label, whole), turning
    ]);
  }

  function text(column, row) {
    var value = column.value(row);
    return value === "" || value === null || value === undefined ? "–" : g.number(value);
  }

  // What is not known comes last, whichever way.
  function compare(one, other, down) {
    var lacks = [one, other].map(function (each) { return each === "" || each === null || each === undefined; });
    if (lacks[0] || lacks[1]) { return lacks[0] - lacks[1]; }
    var way = one < other ? -1 : one > other ? 1 : 0;
    return down ? -way : way;
  }

  return table;
}(gitmodel));
