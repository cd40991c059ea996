import manifest from '../../package.json' with { type: 'json' }

/** The version of Opifer; all its packages share it. */
export const VERSION: string = manifest.version
