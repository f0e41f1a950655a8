// One `everything` server for the tests of a file, the official TypeScript clients, and what they do on the wire.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import nodeTest, { after, before } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const packages = new URL('../setup/node/node_modules/', import.meta.url);

const TIMEOUT = 20_000;

/** Imports a file of a package that tests/setup installed; these tests live outside the folder Node would search. */
export const installed = path => import(new URL(path, packages));

/** node:test's `test`, where a test that waits for something that never comes fails. */
export const test = (name, body) => nodeTest(name, { timeout: TIMEOUT }, body);

/** Starts the server before the tests of the calling file and stops it after them; gives a function for its URL. */
export function everything(name) {
    const command = (process.env.MCP_EVERYTHING || 'target/examples/c/everything').split(/\s+/);
    let server;
    let url;

    before(async () => {
        const log = `${root}target/clients/server-${name}.log`;
        mkdirSync(dirname(log), { recursive: true });
        // A group of its own: whatever the command starts goes down with it.
        server = spawn(command[0], [...command.slice(1), '--http', '127.0.0.1:0'], { cwd: root, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
        const failed = once(server, 'error').then(([error]) => {
            throw new Error(`cannot start ${command.join(' ')}: ${error.message}; build it (make examples) or set MCP_EVERYTHING`);
        });
        failed.catch(() => {});
        process.once('exit', kill);
        process.once('SIGTERM', () => process.exit(143));
        server.stderr.pipe(createWriteStream(log));
        url = await Promise.race([readyUrl(), failed]);
    }, { timeout: TIMEOUT });

    async function readyUrl() {
        for await (const line of createInterface(server.stdout)) {
            const ready = /^listening on (http:\S+)$/.exec(line);
            if (ready) {
                server.stdout.resume();
                return new URL(ready[1]);
            }
        }
        throw new Error(`${command.join(' ')} ended before it was ready; its log: target/clients/server-${name}.log`);
    }

    function kill() {
        try {
            process.kill(-server.pid, 'SIGKILL');
        } catch {
            // It is gone already.
        }
    }

    after(async () => {
        if (!url) return;
        const alone = server.exitCode ?? server.signalCode;
        try {
            assert.equal(alone, null, `the server ended by itself with ${alone}`);
            const gone = once(server, 'exit');
            server.kill('SIGTERM');
            await gone;
        } finally {
            kill();
        }
    }, { timeout: 10_000 });

    return () => url;
}

const opened = new Map();
const openedBy = session => opened.get(session) ?? opened.set(session, Promise.withResolvers()).get(session);

// Every client here uses the global fetch, and none of them tells when its GET stream stands.
const plainFetch = globalThis.fetch;
globalThis.fetch = async (input, init) => {
    const response = await plainFetch(input, init);
    if (init?.method === 'GET' && response.ok) openedBy(new Headers(init.headers).get('mcp-session-id')).resolve();
    return response;
};

/** Resolves when the GET stream of a session is open, so that a push has where to go. */
export const streamOpen = session => openedBy(session).promise;

/** The text of a tool's result, which must be the only content of a success. */
export function text(result) {
    assert.ok(!result.isError, JSON.stringify(result));
    assert.deepEqual(result.content.map(block => block.type), ['text']);
    return result.content[0].text;
}

/** Repeats a call until the server takes it: one that is still freeing its workers may turn it away. */
export async function untilServed(call) {
    for (;;) {
        const result = await call().catch(() => ({ isError: true }));
        if (!result.isError) return result;
    }
}
