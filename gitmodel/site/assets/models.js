// The list of models, and that of all versions.
(function (g) {
  "use strict";
  var STATES = { good: "good", bad: "trouble", waiting: "waiting", none: "not deployed" };

  g.mark = function (state, words) {
    return g.el("span", { "class": "mark " + state, text: words || STATES[state] });
  };

  g.linkTo = function (model, version) {
    var parts = version === undefined ? ["model", model] : ["version", model, version];
    return g.el("a", { href: g.address(parts), text: version === undefined ? model : "v" + version });
  };

  // What versions are ordered by: 1.10.0 comes after 1.9.0, and after 1.10.0-rc.1.
  g.order = function (version) {
    var parts = version.split("+")[0].split("-");
    var numbers = parts[0].split(".").map(function (each) { return ("000000000" + each).slice(-9); });
    return numbers.join(".") + (parts.length > 1 ? "-" + parts.slice(1).join("-") : "~");
  };

  g.model = function (index, name) {
    return index.models.filter(function (each) { return each.name === name; })[0];
  };

  // What an environment runs, and what it should run where that is another.
  function places(row) {
    var named = row.runs.map(function (each) { return each[0]; });
    row.wanted.forEach(function (each) { if (named.indexOf(each[0]) < 0) { named.push(each[0]); } });
    return named.sort().map(function (env) {
      var runs = g.lookUp(row.runs, env);
      var wanted = g.lookUp(row.wanted, env);
      var words = env + " " + (runs ? "v" + runs : "nothing");
      return words + (wanted && wanted !== runs ? " (wants v" + wanted + ")" : "");
    });
  }

  g.pages.models = function (page) {
    var index = page.index;
    var table = g.table({
      label: "models",
      rows: index.models,
      query: page.query,
      order: "name",
      columns: [
        { key: "name", title: "Model", value: function (row) { return row.name; },
          cell: function (row) {
            return g.el("span", {}, [g.linkTo(row.name), g.el("small", { text: row.about })]);
          } },
        { key: "newest", title: "Newest", down: true,
          value: function (row) { return row.newest ? "v" + row.newest : ""; },
          order: function (row) { return row.newest ? g.order(row.newest) : ""; },
          cell: function (row) { return row.newest ? g.linkTo(row.name, row.newest) : "–"; } },
        { key: "count", title: "Versions", down: true, value: function (row) { return row.count; } },
        { key: "environments", title: "Environments", value: function (row) { return places(row).join(", "); },
          cell: function (row) {
            return g.el("span", {}, places(row).map(function (each) {
              return g.el("span", { "class": "place", text: each });
            }));
          } },
        { key: "health", title: "Health", value: function (row) { return STATES[row.state] + " " + row.health; },
          cell: function (row) {
            return g.el("span", {}, [g.mark(row.state), g.el("small", { text: row.health })]);
          } },
        { key: "owners", title: "Owners", value: function (row) { return row.owners; } },
        { key: "changed", title: "Changed", down: true, value: function (row) { return row.changed; },
          cell: function (row) { return g.date(row.changed); } }
      ],
      filters: [
        { key: "env", title: "Environment", choices: index.environments, meets: function (row, chosen) {
          return g.lookUp(row.wanted, chosen) !== undefined || g.lookUp(row.runs, chosen) !== undefined;
        } },
        { key: "state", title: "Health", choices: Object.keys(STATES).map(function (key) { return STATES[key]; }),
          meets: function (row, chosen) { return STATES[row.state] === chosen; } }
      ]
    });
    page.draw("Models", [index.models.length ? table : g.el("p", { text: "There is no model yet." })]);
  };

  g.pages.versions = function (page) {
    var index = page.index;
    g.load("versions", function (found) {
      var metric = index.metrics.indexOf(page.query.metric) >= 0 ? page.query.metric : commonest(found.rows, index.metrics);
      var isLow = index.lower.indexOf(metric) >= 0;
      var at = index.metrics.indexOf(metric);
      var select = g.el("select", { onchange: function () {
        g.remember({ metric: select.value, page: "" });
        window.dispatchEvent(new Event("hashchange"));
      } }, index.metrics.map(function (each) { return g.el("option", { value: each, text: each }); }));
      select.value = metric;
      function model(row) { return index.models[row[0]].name; }
      function figure(row) {
        for (var i = 0; i < row[7].length; i += 2) { if (row[7][i] === at) { return row[7][i + 1]; } }
        return "";
      }
      var table = g.table({
        label: "versions",
        rows: found.rows,
        query: page.query,
        order: "-date",
        inOrder: true,
        columns: [
          { key: "model", title: "Model", value: model, cell: function (row) { return g.linkTo(model(row)); } },
          { key: "version", title: "Version", down: true, value: function (row) { return "v" + row[1]; },
            order: function (row) { return g.order(row[1]); },
            cell: function (row) { return g.linkTo(model(row), row[1]); } },
          { key: "date", title: "Date", down: true, value: function (row) { return row[2]; },
            cell: function (row) { return g.date(row[2]); } },
          { key: "metric", title: metric || "Metric", down: !isLow, value: figure },
          { key: "envs", title: "Should run in", value: function (row) { return row[6]; } },
          { key: "subject", title: "Message", value: function (row) { return row[4]; } },
          { key: "algo", title: "Algorithm", value: function (row) { return row[5]; } },
          { key: "id", title: "Id", value: function (row) { return row[3]; } }
        ],
        filters: [
          { key: "env", title: "Environment", choices: index.environments, meets: function (row, chosen) {
            return row[6].split(", ").indexOf(chosen) >= 0;
          } }
        ]
      });
      var fields = table.querySelector(".fields");
      if (index.metrics.length) { fields.appendChild(g.el("label", {}, ["Metric", select])); }
      page.draw("Versions", [table]);
    }, function () { page.fail("The versions cannot be read."); });
  };

  function commonest(rows, names) {
    var counts = names.map(function () { return 0; });
    rows.forEach(function (row) {
      for (var i = 0; i < row[7].length; i += 2) { counts[row[7][i]] += 1; }
    });
    return names[counts.indexOf(Math.max.apply(null, counts))];
  }
}(gitmodel));
