// Installs a package of Debian or Ubuntu for the sake of its program. Needs root.
//
//   node scripts/install-debian-package.mjs <package>
import { spawnSync } from 'node:child_process'

const [name] = process.argv.slice(2)

// Package lists that are only partly up to date may still do, so what counts is whether the package can be installed.
run('apt-get', 'update')
process.exitCode = run(
  'apt-get',
  'install',
  // Another installation may be under way.
  '--option=DPkg::Lock::Timeout=60',
  '--yes',
  '--no-install-recommends',
  // The program alone: without its service, no server starts here that nobody asked for, now or at the next boot.
  `--option=DPkg::Options::=--path-exclude=*/systemd/system/${name}*`,
  `--option=DPkg::Options::=--path-exclude=/etc/init.d/${name}`,
  name,
)

function run(command, ...args) {
  const { error, status } = spawnSync(command, args, {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  })
  if (error !== undefined) console.error(error.message)
  return status ?? 1
}
