// Photos of what the job is about, before it is paid: with scripting beside what is being typed, without it as an ordinary form.
import { expect, expectNoOverflow, islandsRun, test } from "./house";
import { fillDetails, guestEmail, hasScript, isBooked, openProvider, pay, takeTime } from "./journey";

test.describe.configure({ timeout: 90_000 });

/** One pixel. */
const PNG = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==", "base64");
const photo = (name: string) => ({ name, mimeType: "image/png", buffer: PNG });

test("photos go along with the checkout, and a refused one loses nothing @no-script", async ({ page }) => {
  const email = guestEmail();
  await openProvider(page, "tolliver", { weeks: 8 });
  await takeTime(page);
  await islandsRun(page);
  await fillDetails(page, email);
  await page.getByLabel("What should they know?").fill("It drips from the base.");
  const shown = page.locator("#photos .photos img");
  const choose = async (...files: ReturnType<typeof photo>[]) => {
    await page.getByLabel("Photos of what it is about").setInputFiles(files);
    // With scripting they are sent as they are chosen.
    if (!hasScript()) await page.locator("#photos").getByRole("button", { name: "Add", exact: true }).click();
  };
  await choose(photo("sink.png"), photo("tap.png"));
  await expect(shown).toHaveCount(2);
  await choose({ name: "sink.pdf", mimeType: "application/pdf", buffer: Buffer.from("%PDF-1.7") });
  await expect(page.locator("#photos .error")).toContainText("sink.pdf: That file is not a photo we can read.");
  await expect(shown).toHaveCount(2);
  await page.locator("#photos").getByRole("button", { name: "Remove this photo" }).first().click();
  await expect(shown).toHaveCount(1);
  await expect(page.getByLabel("What should they know?")).toHaveValue("It drips from the base.");
  await expect(page.locator('[name="email"]')).toHaveValue(email);
  await expectNoOverflow(page);
  await pay(page);
  const booking = await isBooked(page);
  await page.goto(`/bookings/${booking}`);
  await expect(shown).toHaveCount(1);
  await page.getByLabel("Add photos").setInputFiles(photo("later.png"));
  if (!hasScript()) await page.locator("#photos").getByRole("button", { name: "Add", exact: true }).click();
  await expect(shown).toHaveCount(2);
});
