"use strict";

const VERBS = ["get", "post", "patch", "put", "delete"];
let api = null;

// Elements are made, never parsed from text: nothing in the document can become markup.
function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

// Words with `code` in backticks.
function prose(text) {
  return (text || "").split("`").map((part, index) => (index % 2 ? make("code", {}, part) : part));
}

function followed(schema) {
  if (!schema || !schema.$ref) return schema || {};
  const target = schema.$ref.split("/").slice(1).reduce((found, key) => found[key], api);
  return { ...target, ...schema, title: schema.$ref.split("/").pop() };
}

function typeOf(schema) {
  const plain = followed(schema);
  if (plain.type === "array") return `list of ${typeOf(plain.items)}`;
  if (plain.title && plain.properties) return plain.title;
  if (plain.enum) return plain.title || "one of";
  return [plain.type || "any", plain.format && `(${plain.format})`].filter(Boolean).join(" ");
}

function rulesOf(schema) {
  const plain = followed(schema);
  const said = [];
  const span = (low, high, unit) => {
    if (low !== undefined || high !== undefined) said.push(`${low ?? 0} to ${high ?? "any number"}${unit}`);
  };
  span(plain.minLength, plain.maxLength, " characters");
  span(plain.minimum, plain.maximum, "");
  span(plain.minItems, plain.maxItems, " items");
  if (plain.pattern) said.push(plain.pattern);
  if (plain.anyOf) said.push(...plain.anyOf.filter((one) => one.format).map((one) => `${one.format}, or empty`));
  return said.join(" · ");
}

function fieldRow(name, schema, required, description, depth) {
  const plain = followed(schema);
  const notes = [];
  if (plain.readOnly) notes.push("read only");
  if (plain["x-sensitive"]) notes.push("secret");
  const rules = rulesOf(schema);
  const row = make("div", { class: "field" },
    make("div", { class: "head" },
      make("span", { class: "name" }, name),
      make("span", { class: "type" }, typeOf(schema)),
      required ? make("span", { class: "must" }, "required") : null,
      ...notes.map((note) => make("span", { class: "note" }, note))),
    rules ? make("div", { class: "rule" }, rules) : null);
  const words = description || plain.description;
  if (words) row.append(make("p", {}, ...prose(words)));
  const inside = plain.type === "array" ? followed(plain.items) : plain;
  if (inside.enum) row.append(unfolding(`${inside.enum.length} values`, () => [make("p", { class: "mono" }, inside.enum.join(", "))]));
  else if (inside.properties && depth < 6) {
    row.append(unfolding("its fields", () => fieldRows(inside, depth + 1)));
  }
  return row;
}

// Drawn when opened: messages hold messages, and most are never looked at.
function unfolding(title, draw) {
  const box = make("div");
  const element = make("details", { class: "more" }, make("summary", {}, title), box);
  element.addEventListener("toggle", () => { if (!box.childElementCount) box.append(...draw()); });
  return element;
}

function fieldRows(schema, depth) {
  const required = new Set(schema.required || []);
  const rows = Object.entries(schema.properties || {})
    .map(([name, field]) => fieldRow(name, field, required.has(name), field.description, depth));
  return rows.length ? rows : [make("p", {}, "No fields.")];
}

function example(schema, depth = 0) {
  const plain = followed(schema);
  if (plain.const !== undefined) return plain.const;
  if (plain.enum) return plain.enum[Math.min(1, plain.enum.length - 1)];
  if (plain.anyOf) return example(plain.anyOf[0], depth);
  if (plain.type === "array") return depth > 4 ? [] : [example(plain.items, depth + 1)];
  if (plain.type === "object" || plain.properties) {
    const fields = depth > 4 ? [] : Object.entries(plain.properties || {});
    return Object.fromEntries(fields.map(([name, field]) => [name, example(field, depth + 1)]));
  }
  return { integer: plain.minimum || 1, number: 1, boolean: false }[plain.type] ?? exampleText(plain);
}

function exampleText(schema) {
  if (schema.format === "date-time") return "2026-01-31T12:00:00Z";
  if (schema.format === "email") return "ada@example.com";
  if (schema.format === "uuid") return "0190a5c2-7b1e-7c3a-9f00-1c2d3e4f5a6b";
  return schema.format === "int64" ? "0" : "…";
}

// What a request needs: required fields, or the ones that are written if none is.
function exampleBody(schema) {
  const plain = followed(schema);
  const fields = Object.entries(plain.properties || {}).filter(([, field]) => !followed(field).readOnly);
  const needed = fields.filter(([name]) => (plain.required || []).includes(name));
  const chosen = needed.length ? needed : fields.slice(0, 3);
  return Object.fromEntries(chosen.map(([name, field]) => [name, field.type === "object" || field.$ref ? exampleBodyOrEnum(field) : example(field)]));
}

function exampleBodyOrEnum(field) {
  return followed(field).enum ? example(field) : exampleBody(field);
}

function curl(path, verb, operation) {
  const query = (operation.parameters || []).filter((one) => one.in === "query" && one.required)
    .map((one) => `${one.name}=${one.name === "filename" ? "agreement.pdf" : "…"}`).join("&");
  const lines = [`curl ${verb === "get" ? "" : `-X ${verb.toUpperCase()} `}'${location.origin}${path}${query ? `?${query}` : ""}'`];
  if (operation["x-auth"] !== "public") lines.push("-H \"Authorization: Bearer $TOKEN\"");
  const content = operation.requestBody?.content || {};
  if (content["application/json"]) {
    const body = JSON.stringify(exampleBody(content["application/json"].schema), null, 2);
    lines.push("-H 'Content-Type: application/json'", `-d '${body}'`);
  } else if (content["*/*"]) lines.push("-H 'Content-Type: application/pdf'", "--data-binary @agreement.pdf");
  if (operation.responses["200"].content?.["text/event-stream"]) lines.splice(1, 0, "-N");
  return lines.join(" \\\n  ");
}

function goodAnswer(operation) {
  const content = operation.responses["200"].content || {};
  const [media, body] = Object.entries(content)[0] || [];
  if (!media) return "";
  if (media === "text/event-stream") {
    const message = followed(body.schema.properties.data.contentSchema);
    return Object.entries(message.properties || {})
      .map(([name, field]) => `data: ${JSON.stringify({ [name]: example(field, 3) })}`).join("\n\n");
  }
  return media === "*/*" ? "(bytes)" : JSON.stringify(example(body.schema), null, 2);
}

function answerChips(operation) {
  const tone = (number) => (number < 400 ? "good" : number < 500 ? "bad" : "worse");
  return Object.entries(operation.responses).map(([number, answer]) => make("details", {},
    make("summary", {}, make("span", { class: `chip ${tone(Number(number))}` }, number)),
    make("p", {}, ...prose(followed(answer).description))));
}

function access(operation) {
  if (operation["x-auth"] === "public") return make("span", { class: "chip open" }, "no token");
  if (operation["x-auth"] === "workload") return make("span", { class: "chip" }, "services only");
  return make("span", { class: "chip" }, operation["x-permission"] || "any token");
}

function pathWords(path) {
  return path.split(/(\{[^}]+\})/).map((part) => (part.startsWith("{") ? make("i", {}, part) : part));
}

function describe(operation) {
  const words = [];
  if (operation.description) words.push(make("p", {}, ...prose(operation.description)));
  for (const [place, title] of [["path", "In the path"], ["query", "In the query"]]) {
    const found = (operation.parameters || []).filter((one) => one.in === place);
    if (found.length) words.push(make("h3", {}, title), ...found.map((one) => fieldRow(one.name, one.schema, one.required, one.description, 0)));
  }
  const content = operation.requestBody?.content || {};
  const json = content["application/json"];
  if (operation.requestBody) words.push(make("h3", {}, "Body"));
  if (json) words.push(...fieldRows(followed(json.schema), 0));
  else if (operation.requestBody) words.push(make("p", {}, ...prose(operation.requestBody.description)));
  const answer = Object.values(operation.responses["200"].content || {})[0]?.schema;
  const message = followed(answer?.properties?.data?.contentSchema || answer);
  if (message.properties) words.push(make("h3", {}, `Answer: ${message.title || "object"}`), ...fieldRows(message, 0));
  words.push(make("h3", {}, "Answers"), make("div", { class: "answers" }, ...answerChips(operation)));
  if (operation["x-rpc"]) words.push(make("h3", {}, "As gRPC"), make("code", {}, operation["x-rpc"]));
  return words;
}

function copying(text) {
  const button = make("button", { type: "button" }, "Copy");
  button.addEventListener("click", () => navigator.clipboard.writeText(text).then(() => { button.textContent = "Copied"; }));
  return button;
}

function drawn(path, verb, operation) {
  const box = make("div", { class: "inner" });
  const element = make("details", { class: "op", id: operation.operationId },
    make("summary", {},
      make("span", { class: `verb ${verb}` }, verb.toUpperCase()),
      make("span", { class: "path" }, ...pathWords(path)),
      make("span", { class: "chips" }, access(operation)),
      make("span", { class: "what" }, ...prose((operation.description || operation.summary).split(". ")[0].replace(/\.$/, "")))),
    box);
  element.addEventListener("toggle", () => {
    if (!element.open || box.childElementCount) return;
    const call = curl(path, verb, operation);
    const answer = goodAnswer(operation);
    box.append(make("div", { class: "words" }, ...describe(operation)), make("div", { class: "shows" },
      make("h3", {}, "Request", copying(call)), make("pre", { tabindex: 0 }, call),
      ...(answer ? [make("h3", {}, "Answer 200"), make("pre", { tabindex: 0 }, answer)] : [])));
  });
  element.dataset.words = [path, operation.summary, operation.description, operation["x-permission"], operation.operationId].join(" ").toLowerCase();
  return element;
}

function operations() {
  return Object.entries(api.paths).flatMap(([path, item]) =>
    VERBS.filter((verb) => item[verb]).map((verb) => ({ path, verb, operation: item[verb] })));
}

function draw() {
  const nav = document.getElementById("nav");
  const content = document.getElementById("content");
  content.replaceChildren(make("div", { class: "intro" },
    make("h1", {}, api.info.title), make("p", {}, ...prose(api.info.description)),
    make("p", {}, "A token comes from ", make("code", {}, "POST /v1/auth:login"), "; send it as ",
      make("code", {}, "Authorization: Bearer …"), ".")));
  for (const tag of api.tags) {
    const mine = operations().filter(({ operation }) => operation.tags[0] === tag.name);
    nav.append(make("h2", {}, tag.name), ...mine.map(({ path, verb, operation }) =>
      make("a", { href: `#${operation.operationId}`, title: path },
        make("span", { class: `verb ${verb}` }, verb.toUpperCase()), operation.summary)));
    content.append(make("section", { class: "group" }, make("h2", {}, tag.name),
      tag.description ? make("p", {}, ...prose(tag.description)) : null,
      ...mine.map(({ path, verb, operation }) => drawn(path, verb, operation))));
  }
}

function openNamed() {
  const name = decodeURIComponent(location.hash.slice(1));
  const element = name && document.getElementById(name);
  for (const link of document.querySelectorAll("nav a")) link.setAttribute("aria-current", String(link.hash === `#${name}`));
  if (element instanceof HTMLDetailsElement) {
    element.open = true;
    requestAnimationFrame(() => element.scrollIntoView({ block: "start" }));
  }
}

function narrow(words) {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  for (const element of document.querySelectorAll(".op")) {
    element.hidden = !wanted.every((word) => element.dataset.words.includes(word));
    document.querySelector(`nav a[href="#${element.id}"]`).hidden = element.hidden;
  }
  for (const group of document.querySelectorAll(".group")) group.hidden = !group.querySelector(".op:not([hidden])");
}

function themed() {
  const root = document.documentElement;
  const asked = new URLSearchParams(location.search).get("theme");
  const kept = localStorage.getItem("theme");
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = asked || kept || (dark ? "dark" : "light");
  document.getElementById("theme").addEventListener("click", () => {
    root.dataset.theme = root.dataset.theme === "dark" ? "light" : "dark";
    localStorage.setItem("theme", root.dataset.theme);
  });
}

async function begin() {
  themed();
  const answer = await fetch("/openapi.json");
  if (!answer.ok) throw new Error(`/openapi.json answered ${answer.status}`);
  api = await answer.json();
  draw();
  openNamed();
  addEventListener("hashchange", openNamed);
  document.getElementById("search").addEventListener("input", (event) => narrow(event.target.value));
}

begin().catch((error) => {
  document.getElementById("content").replaceChildren(make("p", { class: "wait" }, `The description of the API could not be read: ${error.message}`));
});
