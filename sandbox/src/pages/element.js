// Inside the frame: the card never leaves this origin; the page outside only hears how it went.
const form = document.querySelector("form");
const alertBox = document.querySelector("[role=alert]");
const tell = (message) => window.parent.postMessage(message, "*");
const field = (name) => form.elements[name].value.trim();

function grow() {
  tell({ type: "height", height: Math.ceil(document.documentElement.getBoundingClientRect().height) });
}

function card() {
  const [month = "", year = ""] = field("expiry").split("/");
  return { number: field("number"), exp_month: month.trim(), exp_year: year.trim(), cvc: field("cvc") };
}

function show(message) {
  alertBox.textContent = message ?? "";
  alertBox.hidden = !message;
  grow();
}

async function call(method, path, key, body) {
  const encoded = new URLSearchParams(body);
  const address = method === "GET" ? `${path}?${encoded}` : path;
  try {
    const response = await fetch(address, {
      method,
      headers: { authorization: `Bearer ${key}`, "content-type": "application/x-www-form-urlencoded" },
      body: method === "GET" ? undefined : encoded,
    });
    const value = await response.json();
    return response.ok ? { paymentIntent: value } : { error: value.error };
  } catch {
    return { error: { type: "api_connection_error", message: "The payment service could not be reached." } };
  }
}

const verbs = {
  check() {
    const { number, cvc } = card();
    if (number && cvc) return {};
    return { error: { type: "validation_error", code: "incomplete_number", message: "Your card number is incomplete." } };
  },
  confirm({ key, secret, returnUrl }) {
    const body = { client_secret: secret, return_url: returnUrl ?? "" };
    for (const [name, value] of Object.entries(card())) body[`payment_method_data[card][${name}]`] = value;
    return call("POST", `/v1/payment_intents/${secret.split("_secret_")[0]}/confirm`, key, body);
  },
  retrieve({ key, secret }) {
    return call("GET", `/v1/payment_intents/${secret.split("_secret_")[0]}`, key, { client_secret: secret });
  },
};

window.addEventListener("message", async ({ data, source }) => {
  if (source !== window.parent || !verbs[data.verb]) return;
  show(null);
  const result = await verbs[data.verb](data);
  if (result.error && !result.error.decline_code && result.error.type === "validation_error") show(result.error.message);
  tell({ type: "answer", call: data.call, result });
});

form.elements.number.addEventListener("input", ({ target }) => {
  const digits = target.value.replace(/\D/g, "").slice(0, 19);
  target.value = digits.replace(/(.{4})(?=.)/g, "$1 ");
});
form.elements.expiry.addEventListener("input", ({ target }) => {
  const digits = target.value.replace(/\D/g, "").slice(0, 4);
  target.value = digits.length > 2 ? `${digits.slice(0, 2)} / ${digits.slice(2)}` : digits;
});
form.addEventListener("input", () => {
  const { number, exp_year: year, cvc } = card();
  tell({ type: "change", complete: number.length >= 15 && year.length >= 2 && cvc.length >= 3, empty: !number && !year && !cvc });
});
form.addEventListener("submit", (event) => event.preventDefault());

grow();
tell({ type: "ready" });
