// A stand-in for Stripe.js: the part that takes a card in a frame of the gateway's own origin and confirms a payment.
(() => {
  const origin = new URL(document.currentScript.src).origin;

  function listen(frame, handler) {
    const onMessage = (event) => {
      if (event.origin === origin && event.source === frame.contentWindow) handler(event.data);
    };
    window.addEventListener("message", onMessage);
    return () => window.removeEventListener("message", onMessage);
  }

  class PaymentElement {
    constructor(elements) {
      this.elements = elements;
      this.handlers = {};
      this.calls = new Map();
      this.next = 1;
    }
    on(name, handler) {
      (this.handlers[name] ??= []).push(handler);
      return this;
    }
    emit(name, data) {
      for (const handler of this.handlers[name] ?? []) handler(data);
    }
    mount(where) {
      const parent = typeof where === "string" ? document.querySelector(where) : where;
      const scheme = getComputedStyle(parent).colorScheme || "normal";
      const frame = document.createElement("iframe");
      frame.title = "Secure card payment form";
      frame.src = `${origin}/elements/payment?scheme=${encodeURIComponent(scheme)}`;
      frame.style.cssText = "border:0;width:100%;height:220px;display:block;color-scheme:" + scheme;
      frame.addEventListener("error", () => this.emit("loaderror", { error: { message: "The form could not be loaded." } }));
      this.stop = listen(frame, (data) => {
        if (data.type === "ready") this.emit("ready", {});
        if (data.type === "height") frame.style.height = `${data.height}px`;
        if (data.type === "change") this.emit("change", { complete: data.complete, empty: data.empty });
        if (data.type === "answer") {
          this.calls.get(data.call)?.(data.result);
          this.calls.delete(data.call);
        }
      });
      parent.replaceChildren(frame);
      this.frame = frame;
    }
    unmount() {
      this.stop?.();
      this.frame?.remove();
    }
    destroy() {
      this.unmount();
    }
    ask(verb, details) {
      const call = this.next++;
      return new Promise((resolve) => {
        this.calls.set(call, resolve);
        this.frame.contentWindow.postMessage({ call, verb, ...details }, origin);
      });
    }
  }

  // The bank's question, over the page, until it is answered or closed.
  function challenge(intent) {
    const [id, secret] = [intent.id, intent.client_secret];
    const dialog = document.createElement("dialog");
    dialog.setAttribute("aria-label", "Confirm with your bank");
    dialog.style.cssText = "border:0;border-radius:16px;padding:0;margin:auto;width:min(28rem,94vw);max-width:none";
    const frame = document.createElement("iframe");
    frame.title = "Confirm with your bank";
    frame.src = `${origin}/3ds/${id}?client_secret=${encodeURIComponent(secret)}&frame=1`;
    frame.style.cssText = "border:0;width:100%;height:27rem;display:block";
    const away = document.createElement("button");
    away.type = "button";
    away.textContent = "Close";
    away.style.cssText = "display:block;margin:0 auto 1rem;padding:.6rem 1.2rem;border:1px solid currentColor;border-radius:8px;background:none;color:inherit;cursor:pointer";
    away.addEventListener("click", () => dialog.close());
    dialog.append(frame, away);
    document.body.append(dialog);
    dialog.showModal();
    return new Promise((resolve) => {
      const stop = listen(frame, (data) => {
        if (data.type === "challenge-done") finish();
      });
      // closing it abandons the challenge: the intent stays as it is
      dialog.addEventListener("close", () => finish());
      function finish() {
        stop();
        dialog.remove();
        resolve();
      }
    });
  }

  window.Stripe = (key) => {
    async function confirmPayment({ elements, clientSecret, confirmParams = {}, redirect = "always" }) {
      const secret = elements?.clientSecret ?? clientSecret;
      const element = elements.element;
      const returnUrl = confirmParams.return_url;
      let result = await element.ask("confirm", { key, secret, returnUrl });
      if (result.paymentIntent?.status === "requires_action") {
        await challenge(result.paymentIntent);
        result = await element.ask("retrieve", { key, secret });
        const left = result.paymentIntent;
        if (left?.last_payment_error) result = { error: { ...left.last_payment_error, payment_intent: left } };
        else if (left?.status === "requires_action") {
          result = { error: { type: "validation_error", code: "challenge_abandoned", message: "The confirmation was closed.", payment_intent: left } };
        }
      }
      if (result.error || redirect === "if_required") return result;
      const url = new URL(returnUrl);
      url.searchParams.set("payment_intent", result.paymentIntent.id);
      url.searchParams.set("payment_intent_client_secret", result.paymentIntent.client_secret);
      url.searchParams.set("redirect_status", "succeeded");
      window.location.assign(url);
      return new Promise(() => {});
    }
    return {
      elements({ clientSecret }) {
        return {
          clientSecret,
          create() {
            this.element = new PaymentElement(this);
            return this.element;
          },
          getElement() {
            return this.element;
          },
          async fetchUpdates() {
            return {};
          },
          async submit() {
            return this.element.ask("check", {});
          },
          update() {},
        };
      },
      confirmPayment,
    };
  };
})();
