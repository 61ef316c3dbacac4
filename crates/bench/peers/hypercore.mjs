// Appends a file of records to a hypercore, reads them back and audits them; peers.py copies this beside its node_modules.
import fs from 'node:fs'
import Hypercore from 'hypercore'

const [records, batch, dir, flush] = process.argv.slice(2)

function * batches () {
  const file = fs.openSync(records)
  const head = Buffer.alloc(4)
  for (let more = true; more;) {
    const few = []
    while (few.length < Number(batch) && (more = fs.readSync(file, head) === 4)) {
      few.push(Buffer.allocUnsafeSlow(head.readUInt32BE()))
      fs.readSync(file, few.at(-1))
    }
    if (few.length) yield few
  }
}

try {
  let core = new Hypercore(dir)
  await core.ready()
  let append = 0
  for (const few of batches()) {
    const start = performance.now()
    await core.append(few)
    if (flush) await core.state.storage.store.db.flush()
    append += performance.now() - start
  }
  await core.close()

  core = new Hypercore(dir)
  await core.ready()
  let [stored, size, start] = [0, 0, performance.now()]
  while (stored < core.length) { // a thousand gets under way at once, since the read stream waits for each
    const some = Array.from({ length: Math.min(1000, core.length - stored) }, (_, k) => core.get(stored + k))
    for (const record of await Promise.all(some)) size += record.length
    stored += some.length
  }
  const read = performance.now() - start
  start = performance.now()
  const found = await core.core.audit({ dryRun: true })
  const verify = performance.now() - start
  if (found.corrupt || found.blocks !== stored) throw new Error('the audit found ' + JSON.stringify(found))
  await core.close()
  console.log(JSON.stringify({ stored, size, append: append / 1e3, verify: verify / 1e3, read_ns: read * 1e6 / stored }))
} catch (error) {
  console.error(error.message)
  process.exit(1)
}
