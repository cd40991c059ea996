import { expect, it } from 'vitest'
import { findImage } from './image-catalogue.ts'

const catalogue = {
  'cleanup:v2': { command: ['exact'] },
  cleanup: { command: ['any tag'] },
  'registry:5000/team/tool': { command: ['port'] },
}

it.each([
  ['cleanup:v2', ['exact']],
  ['cleanup:v1', ['any tag']],
  ['cleanup', ['any tag']],
  ['cleanup:v2@sha256:abc', ['exact']],
  ['cleanup@sha256:abc', ['any tag']],
  ['registry:5000/team/tool:1', ['port']],
  ['registry:5000/team/tool', ['port']],
  ['registry', undefined],
  ['toString', undefined],
])('%s stands for %j', (image, want) => {
  expect(findImage(catalogue, image)).toEqual(want)
})
