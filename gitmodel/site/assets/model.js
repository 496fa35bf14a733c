// A model: what it is, where it runs, its life, its versions.
(function (g) {
  "use strict";

  g.pages.model = function (page) {
    var row = g.model(page.index, page.parts[0]);
    if (!row) { return page.fail("There is no model of this name."); }
    g.load("m/" + row.key, function (model) { draw(page, row, model); }, function () {
      page.fail("What is known of this model cannot be read.");
    });
  };

  function draw(page, row, model) {
    page.draw(model.name, [
      model.about ? g.el("p", { text: model.about }) : null,
      facts(row, model),
      g.section("Environments", [environments(model)]),
      g.section("Timeline", life(page, model)),
      g.section("What happened", [happened(model)]),
      model.incidents.length ? g.section("Incidents", model.incidents.slice().map(incident)) : null,
      g.section("Versions", [versions(page, model)])
    ]);
  }

  function facts(row, model) {
    return g.el("dl", {}, [
      g.el("dt", { text: "Health" }), g.el("dd", {}, [g.mark(row.state), " ", row.health]),
      g.el("dt", { text: "Owners" }), g.el("dd", { text: model.owners.join(", ") || "–" }),
      g.el("dt", { text: "Versions" }), g.el("dd", { text: String(model.versions.length) })
    ]);
  }

  function environments(model) {
    if (!model.environments.length) { return g.el("p", { text: "It was promoted nowhere yet." }); }
    return g.plain("Environments", ["Environment", "Should run", "Runs", "Since", "Last deployment", "Address"],
      model.environments.map(function (each) {
        return [
          each.env,
          each.wanted ? g.linkTo(model.name, each.wanted) : "–",
          each.runs ? g.linkTo(model.name, each.runs) : "–",
          g.time(each.since),
          g.el("span", { "class": each.failed ? "worse" : "" }, [each.last || "–", g.el("small", { text: each.reason })]),
          each.url ? g.el("a", { href: each.url, rel: "noreferrer", text: each.url }) : "–"
        ];
      }));
  }

  function life(page, model) {
    var names = g.metrics(model);
    var asked = page.query.metric;
    var metric = names.indexOf(asked) >= 0 ? asked : names[0];
    var place = g.el("div", {}, [g.timeline(model, metric)]);
    if (!names.length) { return [place]; }
    var select = g.el("select", { onchange: function () {
      g.remember({ metric: select.value });
      g.clear(place).appendChild(g.timeline(model, select.value));
    } }, names.map(function (name) { return g.el("option", { value: name, text: name }); }));
    select.value = metric;
    return [g.el("div", { "class": "fields" }, [g.el("label", {}, ["Metric", select])]), place];
  }

  function happened(model) {
    var rows = model.events.slice().reverse();
    if (!rows.length) { return g.el("p", { text: "Nothing yet." }); }
    return g.table({
      label: "events",
      rows: rows,
      query: {},
      columns: [
        { key: "at", title: "When", down: true, value: function (row) { return row.at; },
          cell: function (row) { return g.time(row.at); } },
        { key: "env", title: "Environment", value: function (row) { return row.env; } },
        { key: "kind", title: "What", value: function (row) { return row.kind; } },
        { key: "v", title: "Version", value: function (row) { return row.v ? "v" + row.v : ""; } },
        { key: "text", title: "In words", value: function (row) { return row.text + " " + row.why; },
          cell: function (row) { return g.el("span", {}, [row.text, g.el("small", { text: row.why })]); } },
        { key: "by", title: "By", value: function (row) { return row.by; } }
      ]
    });
  }

  function incident(each) {
    var state = each.until ? "resolved " + g.time(each.until) : "open";
    return g.el("details", { open: !each.until }, [
      g.el("summary", { text: each.env + ", v" + each.v + ": " + each.condition + " (" + g.time(each.from) + ", " + state + ")" }),
      g.plain("Steps of the incident " + each.id.slice(0, 8), ["When", "Version", "Step", "Result", "Why"],
        each.steps.map(function (step) {
          return [g.time(step[0]), "v" + step[1], step[2], step[4], step[3]];
        }))
    ]);
  }

  function versions(page, model) {
    var names = [];
    model.versions.forEach(function (each) {
      each.metrics.forEach(function (pair) { if (names.indexOf(pair[0]) < 0) { names.push(pair[0]); } });
    });
    var columns = [
      { key: "v", title: "Version", down: true, value: function (row) { return "v" + row.v; },
        order: function (row) { return model.versions.indexOf(row); },
        cell: function (row) { return g.linkTo(model.name, row.v); } },
      { key: "at", title: "Date", down: true, value: function (row) { return row.at; },
        cell: function (row) { return g.date(row.at); } },
      { key: "envs", title: "Should run in", value: function (row) {
        return model.environments.filter(function (each) { return each.wanted === row.v; })
          .map(function (each) { return each.env; }).join(", ");
      } },
      { key: "subject", title: "Message", value: function (row) { return row.subject; } }
    ];
    names.forEach(function (name, at) {
      columns.push({ key: "metric" + at, title: name, down: page.index.lower.indexOf(name) < 0,
        value: function (row) { return g.lookUp(row.metrics, name); } });
    });
    columns.push({ key: "id", title: "Id", value: function (row) { return row.id; } });
    return g.table({ label: "versions", rows: model.versions.slice().reverse(), query: {}, columns: columns });
  }
}(gitmodel));
