// Asks the browser for a passkey, and sends what it says with the form. The one script of these pages.
const WAYS = {
  get: (options) => navigator.credentials.get({
    publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options),
  }),
  create: (options) => navigator.credentials.create({
    publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options),
  }),
};

for (const form of document.querySelectorAll("form[data-passkey]")) {
  const problem = form.querySelector(".problem");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    problem.hidden = true;
    try {
      const credential = await WAYS[form.dataset.passkey](JSON.parse(form.dataset.options));
      form.elements.passkey.value = JSON.stringify(credential.toJSON());
      form.submit();
    } catch (refused) {
      problem.textContent = refused.name === "InvalidStateError"
        ? "This device has a passkey of yours already."
        : "That did not work, or it was cancelled. Try again.";
      problem.hidden = false;
    }
  });
}
