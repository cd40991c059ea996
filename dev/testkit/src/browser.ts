import { type Browser, chromium } from 'playwright-core'
import { findExecutable } from './find-executable.ts'

/** Chromium, as Debian and others package it. */
export function findChromium(): string | undefined {
  return findExecutable('chromium', 'chromium-browser', 'google-chrome')
}

/** Starts the Chromium that is there, without a window. It asks nobody but the pages that it is sent to. */
export function startBrowser(executablePath: string): Promise<Browser> {
  return chromium.launch({ executablePath, args: FLAGS })
}

const FLAGS = [
  // Root, as which it runs in containers, can't have its sandbox; the pages are our own.
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]
