import { type Browser, chromium } from 'playwright-core'
import { findExecutable } from './process/executable.ts'

/** Chromium on the PATH, under the names that distributions give it. */
export function findChromium(): string | undefined {
  return findExecutable('chromium', 'chromium-browser', 'google-chrome')
}

/** Starts headless Chromium without any background network traffic of its own. */
export function startBrowser(executablePath: string): Promise<Browser> {
  return chromium.launch({ executablePath, args: FLAGS })
}

const FLAGS = [
  // The sandbox does not work for root, which is the user in containers. The pages are our own.
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]
