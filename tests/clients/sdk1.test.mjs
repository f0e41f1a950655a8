// The official TypeScript SDK 1.x, in the releases that spoke each revision with sessions first.

import assert from 'node:assert/strict';
import { describe } from 'node:test';

import { everything, installed, streamOpen, test, text, untilServed } from './everything.mjs';

const RELEASES = {
    '2024-11-05': 'sdk-2024-11-05',
    '2025-03-26': 'sdk-2025-03-26',
    '2025-06-18': 'sdk-2025-06-18',
    '2025-11-25': '@modelcontextprotocol/sdk'
};

const url = everything('sdk1');

for (const [revision, release] of Object.entries(RELEASES)) {
    const { Client } = await installed(`${release}/dist/esm/client/index.js`);
    const { StreamableHTTPClientTransport } = await installed(`${release}/dist/esm/client/streamableHttp.js`);
    const types = await installed(`${release}/dist/esm/types.js`);

    /** A connected client that leaves, session and all, when the test is over. */
    async function connect(t, capabilities = {}, prepare = () => {}) {
        const client = new Client({ name: 'test', version: '1' }, { capabilities });
        prepare(client);
        const transport = new StreamableHTTPClientTransport(url());
        await client.connect(transport);
        t.after(() => client.close());
        return { client, transport };
    }

    describe(`TypeScript SDK 1.x, ${revision}`, () => {
        test('negotiates the revision the release was made for', async t => {
            const { client, transport } = await connect(t);
            assert.equal(types.LATEST_PROTOCOL_VERSION, revision);
            // The releases since 2025-06-18 keep what was negotiated; an older one would have refused to connect.
            if (transport.protocolVersion !== undefined) assert.equal(transport.protocolVersion, revision);
            assert.ok(client.getServerVersion().name);
            const offered = client.getServerCapabilities();
            assert.ok(offered.tools && offered.prompts && offered.resources.subscribe && offered.logging);
            assert.ok(transport.sessionId);
            await client.ping();
        });

        test('lists the tools', async t => {
            const { client } = await connect(t);
            const names = (await client.listTools()).tools.map(tool => tool.name);
            for (const name of ['echo', 'add', 'sleep', 'progress', 'broadcast']) assert.ok(names.includes(name), name);
        });

        test('echoes', async t => {
            const { client } = await connect(t);
            for (const message of ['hello', '', 'Grüße, 世界 🌍', '"\\\n\u2028', 'x'.repeat(200_000)]) {
                assert.equal(text(await client.callTool({ name: 'echo', arguments: { message } })), message);
            }
        });

        test('answers with structured content, and with the same as text', async t => {
            const { client } = await connect(t);
            const result = await client.callTool({ name: 'add', arguments: { a: 2, b: 40 } });
            assert.deepEqual(JSON.parse(text(result)), { sum: 42 });
            if (revision >= '2025-06-18') assert.deepEqual(result.structuredContent, { sum: 42 });
        });

        test('keeps the answers of concurrent calls apart', async t => {
            const { client } = await connect(t);
            const messages = Array.from({ length: 32 }, (_, n) => `message ${n}`);
            const results = await Promise.all(messages.map(message => client.callTool({ name: 'echo', arguments: { message } })));
            assert.deepEqual(results.map(text), messages);
        });

        test('reports progress in order', async t => {
            const { client } = await connect(t);
            const seen = [];
            await client.callTool({ name: 'progress', arguments: { n: 20 } }, undefined, { onprogress: ({ progress }) => seen.push(progress) });
            assert.equal(seen.length, 20);
            assert.deepEqual(seen, [...new Set(seen)].sort((a, b) => a - b));
        });

        test('logs from the chosen level on', async t => {
            const seen = [];
            const three = Promise.withResolvers();
            const { client, transport } = await connect(t, {}, client =>
                client.setNotificationHandler(types.LoggingMessageNotificationSchema, ({ params }) => {
                    if (seen.push(params) === 3) three.resolve();
                })
            );
            await streamOpen(transport.sessionId);
            await client.setLoggingLevel('error');
            await client.callTool({ name: 'test_tool_with_logging' });
            await client.ping();
            assert.deepEqual(seen, []);

            await client.setLoggingLevel('debug');
            await client.callTool({ name: 'test_tool_with_logging' });
            await three.promise;
            const expected = ['Tool execution started', 'Tool processing data', 'Tool execution completed'];
            seen.forEach(({ data }, n) => assert.ok(JSON.stringify(data).includes(expected[n])));
        });

        if (revision >= '2025-06-18') {
            test('elicits from the client', async t => {
                const seen = [];
                const { client } = await connect(t, { elicitation: {} }, client =>
                    client.setRequestHandler(types.ElicitRequestSchema, async ({ params }) => {
                        seen.push(params.message);
                        return { action: 'accept', content: { username: 'ada', email: 'ada@example.com' } };
                    })
                );
                const reply = text(await client.callTool({ name: 'test_elicitation', arguments: { message: 'Who are you?' } }));
                assert.deepEqual(seen, ['Who are you?']);
                assert.match(reply, /accept.*ada@example\.com/s);
            });
        }

        test('samples through the client', async t => {
            const seen = [];
            const { client } = await connect(t, { sampling: {} }, client =>
                client.setRequestHandler(types.CreateMessageRequestSchema, async ({ params }) => {
                    seen.push(params);
                    return { role: 'assistant', model: 'test-model', content: { type: 'text', text: 'forty-two' } };
                })
            );
            assert.match(text(await client.callTool({ name: 'test_sampling', arguments: { prompt: 'What is the answer?' } })), /forty-two/);
            assert.equal(seen[0].maxTokens, 100);
            assert.equal(seen[0].messages[0].content.text, 'What is the answer?');
        });

        test("asks for the client's roots", async t => {
            const { client } = await connect(t, { roots: {} }, client =>
                client.setRequestHandler(types.ListRootsRequestSchema, async () => ({ roots: [{ uri: 'file:///srv/data', name: 'data' }] }))
            );
            assert.match(text(await client.callTool({ name: 'test_input_required_result_list_roots' })), /file:\/\/\/srv\/data/);
        });

        test('fails a call that needs what the client cannot do', async t => {
            const { client } = await connect(t);
            const result = await client.callTool({ name: 'test_sampling', arguments: { prompt: '?' } }).catch(error => ({ isError: true, error }));
            assert.ok(result.isError);
            assert.equal(text(await client.callTool({ name: 'echo', arguments: { message: 'still here' } })), 'still here');
        });

        test('is free again after cancelled calls', async t => {
            const { client } = await connect(t);
            const cancel = new AbortController();
            const sleepers = Array.from({ length: 32 }, () => client.callTool({ name: 'sleep', arguments: { ms: 60_000 } }, undefined, { signal: cancel.signal }));
            const settled = Promise.allSettled(sleepers);
            await client.listTools();
            cancel.abort('changed my mind');
            assert.ok((await settled).every(({ status }) => status === 'rejected'));
            await untilServed(() => client.callTool({ name: 'sleep', arguments: { ms: 1 } }));
            assert.equal(text(await client.callTool({ name: 'echo', arguments: { message: 'free' } })), 'free');
        });

        test('pushes a changed tool list', async t => {
            const changed = Promise.withResolvers();
            const { client: listener, transport } = await connect(t, {}, client =>
                client.setNotificationHandler(types.ToolListChangedNotificationSchema, () => changed.resolve())
            );
            const { client: other } = await connect(t);
            await streamOpen(transport.sessionId);
            await other.callTool({ name: 'broadcast' });
            await changed.promise;
            assert.ok((await listener.listTools()).tools.length);
        });

        test('reads resources and subscribes to one', async t => {
            const { client } = await connect(t);
            const uris = (await client.listResources()).resources.map(resource => resource.uri);
            assert.ok(uris.includes('test://static-text'));
            const templates = (await client.listResourceTemplates()).resourceTemplates.map(template => template.uriTemplate);
            assert.ok(templates.includes('test://template/{id}/data'));
            const read = async uri => (await client.readResource({ uri })).contents[0];
            assert.ok((await read('test://static-text')).text);
            assert.ok((await read('test://static-binary')).blob);
            assert.match((await read('test://template/123/data')).text, /123/);
            await client.subscribeResource({ uri: 'test://watched-resource' });
            await client.unsubscribeResource({ uri: 'test://watched-resource' });
            await assert.rejects(client.readResource({ uri: 'test://no-such-resource' }), error => error.code === -32002);
        });

        test('gets prompts and completes their arguments', async t => {
            const { client } = await connect(t);
            const prompt = await client.getPrompt({ name: 'test_prompt_with_arguments', arguments: { arg1: 'first value', arg2: 'second value' } });
            assert.match(prompt.messages.map(message => message.content.text).join(' '), /first value.*second value/s);
            const ref = { type: 'ref/prompt', name: 'test_prompt_with_arguments' };
            const { completion } = await client.complete({ ref, argument: { name: 'arg1', value: 'test' } });
            assert.ok(Array.isArray(completion.values));
        });

        test('refuses an unknown tool', async t => {
            const { client } = await connect(t);
            await assert.rejects(client.callTool({ name: 'no_such_tool' }), error => error.code === -32602 && /no_such_tool/.test(error.message));
        });

        // The tool closes its stream before it answers. Clients know since 2025-11-25 how to come back for the result; for the
        // older ones the stream has to stay.
        test('delivers the result of a call that closes its stream', async t => {
            const { client } = await connect(t);
            assert.ok(!(await client.callTool({ name: 'test_reconnection' })).isError);
        });

        test('ends the session with DELETE', async t => {
            const { client, transport } = await connect(t);
            const gone = transport.sessionId;
            await transport.terminateSession();
            const answer = await fetch(url(), {
                method: 'POST',
                headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', 'mcp-session-id': gone, 'mcp-protocol-version': revision },
                body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' })
            });
            assert.equal(answer.status, 404);
            await answer.text();
            await client.close();
        });
    });
}
