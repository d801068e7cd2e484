"use strict";
// Builds a form for each operation of the document, and sends it with the key of the page.

const make = (tag, text, attributes = {}) => {
  const node = document.createElement(tag);
  if (text) node.textContent = text;
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
};

const labelled = (text, input) => {
  const label = make("label", text + " ");
  label.append(input);
  return label;
};

const example = (schema, schemas) => {
  if (schema.$ref) return example(schemas[schema.$ref.split("/").pop()], schemas);
  if ("default" in schema) return schema.default;
  if (schema.enum) return schema.enum[0];
  if (schema.type === "object") {
    return Object.fromEntries(Object.entries(schema.properties || {}).map(
      ([name, each]) => [name, example(each, schemas)]));
  }
  if (schema.format === "date-time") return new Date().toISOString();
  return { number: 0.01, integer: 1, boolean: false, array: [] }[schema.type] ?? "";
};

const credential = (scheme, key) => scheme.type === "http"
  ? { Authorization: `Bearer ${key}` } : { [scheme.name]: key };

const send = async (method, path, operation, inputs, scheme, shown) => {
  const query = new URLSearchParams();
  const headers = credential(scheme, document.getElementById("key").value.trim());
  let target = path;
  for (const { parameter, input } of inputs.parameters) {
    const value = input.value;
    if (parameter.in === "path") target = target.replace(`{${parameter.name}}`, encodeURIComponent(value));
    else if (value && parameter.in === "query") query.set(parameter.name, value);
    else if (value) headers[parameter.name] = value;
  }
  let body;
  if (inputs.json) {
    headers["Content-Type"] = "application/json";
    body = inputs.json.value;
  } else if (inputs.files && inputs.form) {
    body = new FormData();
    for (const file of inputs.files.files) body.append("recording", file);
  } else if (inputs.files) {
    body = inputs.files.files[0];
    headers["Content-Type"] = body ? body.type || "audio/wav" : "audio/wav";
  }
  shown.textContent = "…";
  try {
    const search = query.toString();
    const answer = await fetch(target + (search ? `?${search}` : ""), { method, headers, body });
    const text = await answer.text();
    let told = text;
    try { told = JSON.stringify(JSON.parse(text), null, 2); } catch { /* not JSON: shown as it is */ }
    shown.textContent = `${answer.status} ${answer.statusText}\n${told}`;
  } catch (error) {
    shown.textContent = `The request could not be sent: ${error.message}`;
  }
};

const form = (path, method, operation, described) => {
  const box = make("details");
  const title = make("summary");
  title.append(make("code", `${method.toUpperCase()} ${path}`), ` ${operation.summary}`);
  box.append(title, make("p", operation.description || ""));
  const inputs = { parameters: [] };
  for (const parameter of operation.parameters || []) {
    const input = make("input", "", { type: "text", placeholder: parameter.description || "" });
    if (parameter.schema && "default" in parameter.schema) input.value = parameter.schema.default;
    inputs.parameters.push({ parameter, input });
    box.append(labelled(`${parameter.name} (${parameter.in})`, input));
  }
  const content = operation.requestBody ? operation.requestBody.content : {};
  if (content["application/json"]) {
    inputs.json = make("textarea");
    inputs.json.value = JSON.stringify(
      example(content["application/json"].schema, described.components.schemas), null, 2);
    box.append(labelled("body", inputs.json));
  } else if (operation.requestBody) {
    inputs.form = Boolean(content["multipart/form-data"]);
    inputs.files = make("input", "", { type: "file", multiple: "", accept: "audio/*,.ulaw,.alaw" });
    box.append(labelled("recordings", inputs.files));
  }
  const button = make("button", "Send", { type: "button" });
  const shown = make("pre", "", { "aria-live": "polite" });
  const scheme = Object.values(described.components.securitySchemes)[0];
  button.addEventListener("click", () => send(method.toUpperCase(), path, operation, inputs, scheme, shown));
  box.append(button, shown);
  return box;
};

const begin = async () => {
  const place = document.getElementById("operations");
  const described = await (await fetch("openapi.json")).json();
  document.title = described.info.title;
  for (const [path, methods] of Object.entries(described.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      place.append(form(path, method, operation, described));
    }
  }
};

begin();
