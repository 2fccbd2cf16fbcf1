// The sandbox's mailbox, as people would read it.
import { type APIRequestContext } from "@playwright/test";
import { expect } from "./house";

interface Mail {
  id: number;
  to: string[] | string;
  subject: string;
  plain: string;
}

const sandbox = () => process.env.SANDBOX_URL!;

/** Waits for the newest mail to `address` whose subject fits. */
export async function mailTo(request: APIRequestContext, address: string, subject: RegExp): Promise<Mail> {
  let found: Mail | undefined;
  await expect(async () => {
    const mails: Mail[] = await (await request.get(`${sandbox()}/mail.json`)).json();
    found = mails.filter((mail) => String(mail.to).includes(address) && subject.test(mail.subject)).sort((a, b) => b.id - a.id)[0];
    expect(found, `a mail to ${address} like ${subject}`).toBeTruthy();
  }).toPass({ timeout: 20_000 });
  return found!;
}

/** The address of our own in it, whose path begins so. */
export function linkIn(mail: Mail, path: string): string {
  const link = mail.plain.match(new RegExp(`https?://[^\\s]+?${path}[^\\s]*`))?.[0];
  expect(link, `a link to ${path} in "${mail.subject}"`).toBeTruthy();
  return link!;
}
