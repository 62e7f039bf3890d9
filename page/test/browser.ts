import { existsSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import puppeteer, { type Browser, type Page } from 'puppeteer-core';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Where a Chromium is on this machine; undefined if there is none. If `CHROMIUM_PATH` is set, only that counts. */
export function chromiumPath(): string | undefined {
  const given = process.env['CHROMIUM_PATH'];
  return (given === undefined ? PLACES : [given]).find(path => existsSync(path));
}

/** Of the sizes that the page must be usable in. */
export const SIZES = [
  { width: 1280, height: 900 },
  { width: 400, height: 800 },
] as const;

export const SCHEMES = ['light', 'dark'] as const;

/** A headless browser with one tab. */
export class TestBrowser implements AsyncDisposable {
  readonly #browser: Browser;
  readonly page: Page;
  /** What the page has complained about: errors of scripts, and what its policy forbids. */
  readonly complaints: string[] = [];
  /** Where screenshots go: `SCREENSHOT_DIR`, or a new folder of the system's temporary files. */
  readonly folder: string;

  private constructor(browser: Browser, page: Page, folder: string) {
    this.#browser = browser;
    this.page = page;
    this.folder = folder;
    page.on('pageerror', error => this.complaints.push(String(error)));
    page.on('console', message => {
      if (message.type() === 'error') this.complaints.push(message.text());
    });
  }

  static async start(executablePath: string): Promise<TestBrowser> {
    const browser = await puppeteer.launch({
      executablePath,
      // The tests may run as root in a container, where Chromium's sandbox cannot work and shared memory is small.
      args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'],
      protocolTimeout: 0,
      timeout: 0,
    });
    const folder = process.env['SCREENSHOT_DIR'] ?? (await mkdtemp(join(tmpdir(), 'mongotempo-page-')));
    const page = await browser.newPage();
    page.setDefaultTimeout(0);
    return new TestBrowser(browser, page, folder);
  }

  /** Waits until a function of the page is true. */
  async until(condition: string): Promise<void> {
    await this.page.waitForFunction(condition, { polling: 100 });
  }

  /** The text of the page. */
  async text(selector = 'body'): Promise<string> {
    return await this.page.$eval(selector, element => (element as unknown as { innerText: string }).innerText);
  }

  /** Pictures of the whole page in all sizes, light and dark, and how much wider than its window the page is in each. */
  async pictures(name: string): Promise<number[]> {
    const overflows: number[] = [];
    for (const { width, height } of SIZES) {
      await this.page.setViewport({ width, height });
      for (const scheme of SCHEMES) {
        await this.page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
        await this.page.screenshot({ path: join(this.folder, `${name}-${width}-${scheme}.png`), fullPage: true });
      }
      overflows.push(
        Number(await this.page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')),
      );
    }
    return overflows;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
  }
}
