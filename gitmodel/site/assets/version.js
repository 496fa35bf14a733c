// A version: what it is and what is known of it, beside the version before.
(function (g) {
  "use strict";

  // Load a model and the details of one of its versions; calls `done` with all that pages need of it.
  g.open = function (index, name, number, done, failed) {
    var row = g.model(index, name);
    if (!row) { return failed("There is no model " + name + "."); }
    g.load("m/" + row.key, function (model) {
      var at = model.versions.map(function (each) { return each.v; }).indexOf(number);
      var found = model.versions[at];
      if (!found) { return failed("There is no version " + number + " of " + name + "."); }
      g.load("v/" + row.key + "/" + found.chunk, function (chunk) {
        done({ model: model, row: row, at: at, version: found, details: chunk[number] });
      }, function () { failed("The details of this version cannot be read."); });
    }, function () { failed("What is known of this model cannot be read."); });
  };

  g.pages.version = function (page) {
    g.open(page.index, page.parts[0], page.parts[1], function (own) {
      var before = own.model.versions[own.at - 1];
      if (!before) { return draw(page, own, null); }
      g.open(page.index, own.model.name, before.v, function (earlier) { draw(page, own, earlier); }, page.fail);
    }, page.fail);
  };

  function draw(page, own, before) {
    var details = own.details;
    var title = own.model.name + " v" + own.version.v;
    page.draw(title, [
      g.el("p", { "class": "crumbs" }, [g.linkTo(own.model.name)].concat(neighbours(own))),
      details.subject ? g.el("p", {}, [g.el("strong", { text: details.subject })]) : null,
      details.body ? g.el("pre", { "class": "said", text: details.body, tabindex: "0" }) : null,
      facts(own),
      g.section("Metrics", [metrics(page, own, before)].concat(measured(details))),
      card(details),
      g.section("Parameters", [parameters(details, before)]),
      g.section("Data and artifact", [data(details)]),
      g.section("Lineage", [g.lineage(own.model.name, own.version.v, details, own.model)]),
      pictures(details),
      notebooks(details),
      g.section("API", g.api(own)),
      g.section("What happened to it", [events(own)])
    ]);
  }

  function neighbours(own) {
    var before = own.model.versions[own.at - 1];
    var after = own.model.versions[own.at + 1];
    var found = [];
    if (before) {
      found.push(" · before: ", g.linkTo(own.model.name, before.v), " · ");
      found.push(g.el("a", { href: g.address(["compare", own.model.name, before.v, own.model.name, own.version.v]), text: "compare with it" }));
    }
    if (after) { found.push(" · after: ", g.linkTo(own.model.name, after.v)); }
    return found;
  }

  function facts(own) {
    var details = own.details;
    var places = own.model.environments.filter(function (each) {
      return each.wanted === own.version.v || each.runs === own.version.v;
    }).map(function (each) {
      return each.env + (each.runs === own.version.v ? " (runs)" : " (should run)");
    });
    var known = [
      ["Id", own.version.id], ["Tag", details.tag], ["Date", g.time(own.version.at)], ["Made by", details.tagger],
      ["Algorithm", details.algo], ["Encoding", details.encoding], ["Code", details.source],
      ["Environments", places.join(", ")]
    ];
    var nodes = [];
    known.forEach(function (pair) {
      nodes.push(g.el("dt", { text: pair[0] }), g.el("dd", { text: pair[1] || "–" }));
    });
    return g.el("dl", {}, nodes);
  }

  // The difference of a metric, in a word too: colour alone is not for everybody.
  g.difference = function (index, name, old, value) {
    if (typeof old !== "number" || typeof value !== "number") { return "–"; }
    if (old === value) { return "same"; }
    var isBetter = (value > old) !== (index.lower.indexOf(name) >= 0);
    var words = (value > old ? "+" : "−") + g.number(Math.abs(value - old)) + (isBetter ? " better" : " worse");
    return g.el("span", { "class": isBetter ? "better" : "worse", text: words });
  };

  function metrics(page, own, before) {
    var rows = own.details.metrics.map(function (pair) {
      var old = before ? g.lookUp(before.details.metrics, pair[0]) : undefined;
      return [pair[0], g.number(pair[1]), g.number(old), g.difference(page.index, pair[0], old, pair[1])];
    });
    if (!rows.length) { return g.el("p", { text: "No metrics are in its tag." }); }
    var earlier = before ? "v" + before.version.v : "before";
    return g.plain("Metrics", ["Metric", "v" + own.version.v, earlier, "Change"], rows);
  }

  function measured(details) {
    if (!details.measured.length) { return []; }
    return [g.el("h3", { text: "Measured since" }),
      g.plain("Measured since", ["When", "On", "Figures", "By"], details.measured.map(function (each) {
        var figures = each[3].map(function (pair) { return pair[0] + " " + g.number(pair[1]); }).join(", ");
        return [g.time(each[0]), each[2], figures, each[1]];
      }))];
  }

  function parameters(details, before) {
    if (!details.parameters.length) { return g.el("p", { text: "None are in its tag." }); }
    return g.plain("Parameters", ["Parameter", "Value", "Before"], details.parameters.map(function (pair) {
      var old = before ? g.lookUp(before.details.parameters, pair[0]) : undefined;
      return [pair[0], pair[1], old === undefined ? "–" : old === pair[1] ? "same" : old];
    }));
  }

  function data(details) {
    var rows = details.data.map(function (each) { return [each[0], "data"].concat(known(each)); });
    if (details.artifact) { rows.push([details.artifact[0], "artifact"].concat(known(details.artifact))); }
    if (!rows.length) { return g.el("p", { text: "Its tag names neither." }); }
    return g.plain("Data and artifact", ["Path", "What", "MD5", "Rows", "Bytes"], rows);
  }

  function known(each) {
    return [each[1] || "–", each[2] === null ? "–" : g.number(each[2]), each[3] === null ? "–" : g.number(each[3])];
  }

  function card(details) {
    if (!(details.card || []).length) { return null; }
    return g.section("Model card", details.card.map(function (each) { return frame(each[0], each[1]); }));
  }

  // Made by others, or from what they wrote: shown where no script runs and nothing is loaded.
  function frame(title, file) {
    return g.el("iframe", { title: title, sandbox: "", src: file, loading: "lazy" });
  }

  g.picture = function (plot) {
    return g.el("figure", {}, [
      g.el("img", { src: plot[1], alt: "Plot: " + plot[0], loading: "lazy" }),
      g.el("figcaption", { text: plot[0] })
    ]);
  };

  function pictures(details) {
    if (!(details.plots || []).length) { return null; }
    return g.section("Plots", [g.el("div", { "class": "pictures" }, details.plots.map(g.picture))]);
  }

  function notebooks(details) {
    if (!(details.notebooks || []).length) { return null; }
    var nodes = [];
    details.notebooks.forEach(function (each) {
      nodes.push(g.el("h3", { text: each[0] }), frame("Notebook " + each[0], each[1]));
    });
    return g.section("Notebooks", nodes);
  }

  function events(own) {
    var rows = own.model.events.filter(function (each) { return each.v === own.version.v; }).reverse();
    if (!rows.length) { return g.el("p", { text: "It was promoted nowhere." }); }
    return g.plain("What happened to it", ["When", "Environment", "What", "By"], rows.map(function (each) {
      return [g.time(each.at), each.env, g.el("span", {}, [each.text, g.el("small", { text: each.why })]), each.by];
    }));
  }
}(gitmodel));
