// Installs the program of a Debian or Ubuntu package, without its service. Needs root.
//
//   node scripts/install-debian-package.mjs <package>
import { spawnSync } from 'node:child_process'

const [name] = process.argv.slice(2)

// Ignore errors here: only the installation matters, and partly updated package lists may be enough for it.
run('apt-get', 'update')
process.exitCode = run(
  'apt-get',
  'install',
  // Wait for an installation in progress.
  '--option=DPkg::Lock::Timeout=60',
  '--yes',
  '--no-install-recommends',
  // No service files, so the package starts no server, now or at boot.
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
