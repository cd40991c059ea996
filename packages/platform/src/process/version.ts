import manifest from '../../package.json' with { type: 'json' }

/** Of Opifer as a whole: all its packages carry the same one. */
export const VERSION: string = manifest.version
