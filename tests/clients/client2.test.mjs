// The official TypeScript client 2.x: revision 2026-07-28 without sessions, and 2025-11-25 with them, against the same server.

import assert from 'node:assert/strict';
import { describe } from 'node:test';

import { everything, installed, streamOpen, test, text, untilServed } from './everything.mjs';

const { Client, StreamableHTTPClientTransport, LOG_LEVEL_META_KEY } = await installed('@modelcontextprotocol/client/dist/index.mjs');

const ERAS = [
    { mode: 'auto', revision: '2026-07-28' },
    { mode: 'legacy', revision: '2025-11-25' }
];

const url = everything('client2');

/** A connected client that leaves when the test is over. */
async function connect(t, mode, { capabilities = {}, ...options } = {}, prepare = () => {}) {
    const client = new Client({ name: 'test', version: '1' }, { capabilities, versionNegotiation: { mode }, ...options });
    prepare(client);
    const transport = new StreamableHTTPClientTransport(url());
    await client.connect(transport);
    t.after(() => client.close());
    return { client, transport };
}

const elicitation = { form: {} };
const accept = content => ({ action: 'accept', content });

for (const { mode, revision } of ERAS) {
    describe(`TypeScript client 2.x, ${revision}`, () => {
        test('negotiates', async t => {
            const { client, transport } = await connect(t, mode);
            assert.equal(client.getNegotiatedProtocolVersion(), revision);
            assert.equal(transport.sessionId === undefined, mode === 'auto');
            const offered = client.getServerCapabilities();
            assert.ok(offered.tools && offered.prompts && offered.resources && offered.completions);
        });

        test('lists the tools', async t => {
            const { client } = await connect(t, mode);
            const names = (await client.listTools()).tools.map(tool => tool.name);
            for (const name of ['echo', 'add', 'sleep', 'progress', 'broadcast']) assert.ok(names.includes(name), name);
        });

        test('echoes', async t => {
            const { client } = await connect(t, mode);
            for (const message of ['hello', '', 'Grüße, 世界 🌍', '"\\\n\u2028', 'x'.repeat(200_000)]) {
                assert.equal(text(await client.callTool({ name: 'echo', arguments: { message } })), message);
            }
        });

        test('answers with structured content', async t => {
            const { client } = await connect(t, mode);
            await client.listTools();
            assert.deepEqual((await client.callTool({ name: 'add', arguments: { a: 2, b: 40 } })).structuredContent, { sum: 42 });
        });

        test('keeps the answers of concurrent calls apart', async t => {
            const { client } = await connect(t, mode);
            const messages = Array.from({ length: 32 }, (_, n) => `message ${n}`);
            const results = await Promise.all(messages.map(message => client.callTool({ name: 'echo', arguments: { message } })));
            assert.deepEqual(results.map(text), messages);
        });

        test('reports progress in order', async t => {
            const { client } = await connect(t, mode);
            const seen = [];
            await client.callTool({ name: 'progress', arguments: { n: 20 } }, { onprogress: ({ progress }) => seen.push(progress) });
            assert.equal(seen.length, 20);
            assert.deepEqual(seen, [...new Set(seen)].sort((a, b) => a - b));
        });

        test('elicits from the client', async t => {
            const seen = [];
            const { client } = await connect(t, mode, { capabilities: { elicitation } }, client =>
                client.setRequestHandler('elicitation/create', async ({ params }) => {
                    seen.push(params.message);
                    return accept({ username: 'ada', email: 'ada@example.com' });
                })
            );
            const reply = text(await client.callTool({ name: 'test_elicitation', arguments: { message: 'Who are you?' } }));
            assert.deepEqual(seen, ['Who are you?']);
            assert.match(reply, /accept.*ada@example\.com/s);
        });

        test('takes a refusal', async t => {
            const { client } = await connect(t, mode, { capabilities: { elicitation } }, client =>
                client.setRequestHandler('elicitation/create', async () => ({ action: 'decline' }))
            );
            const result = await client.callTool({ name: 'test_elicitation', arguments: { message: 'Who are you?' } });
            assert.match(result.content[0].text, /decline/);
        });

        test('asks for the name that a greeting needs', async t => {
            const { client } = await connect(t, mode, { capabilities: { elicitation } }, client =>
                client.setRequestHandler('elicitation/create', async () => accept({ name: 'Ada' }))
            );
            assert.match(text(await client.callTool({ name: 'test_input_required_result_elicitation' })), /Ada/);
        });

        test('samples through the client', async t => {
            const { client } = await connect(t, mode, { capabilities: { sampling: {} } }, client =>
                client.setRequestHandler('sampling/createMessage', async () => ({ role: 'assistant', model: 'test-model', content: { type: 'text', text: 'Paris, of course' } }))
            );
            assert.match(text(await client.callTool({ name: 'test_input_required_result_sampling' })), /Paris, of course/);
        });

        test("asks for the client's roots", async t => {
            const { client } = await connect(t, mode, { capabilities: { roots: {} } }, client =>
                client.setRequestHandler('roots/list', async () => ({ roots: [{ uri: 'file:///srv/data', name: 'data' }] }))
            );
            assert.match(text(await client.callTool({ name: 'test_input_required_result_list_roots' })), /file:\/\/\/srv\/data/);
        });

        test('asks in several rounds', async t => {
            const fields = [];
            const { client } = await connect(t, mode, { capabilities: { elicitation } }, client =>
                client.setRequestHandler('elicitation/create', async ({ params }) => {
                    const [field] = Object.keys(params.requestedSchema.properties);
                    return accept({ [field]: `answer ${fields.push(field)}` });
                })
            );
            assert.match(text(await client.callTool({ name: 'test_input_required_result_multi_round' })), /answer 1.*answer 2/s);
            assert.equal(fields.length, 2);
        });

        test('asks before it gives a prompt', async t => {
            const { client } = await connect(t, mode, { capabilities: { elicitation } }, client =>
                client.setRequestHandler('elicitation/create', async ({ params }) =>
                    accept(Object.fromEntries(Object.keys(params.requestedSchema.properties).map(field => [field, 'the garden'])))
                )
            );
            const { messages } = await client.getPrompt({ name: 'test_input_required_result_prompt' });
            assert.match(messages.map(message => message.content.text).join(' '), /the garden/);
        });

        test('fails a call that needs what the client cannot do', async t => {
            const { client } = await connect(t, mode);
            const result = await client.callTool({ name: 'test_sampling', arguments: { prompt: '?' } }).catch(error => ({ isError: true, error }));
            assert.ok(result.isError);
            assert.equal(text(await client.callTool({ name: 'echo', arguments: { message: 'still here' } })), 'still here');
        });

        test('is free again after cancelled calls', async t => {
            const { client } = await connect(t, mode);
            const cancel = new AbortController();
            const sleepers = Array.from({ length: 32 }, () => client.callTool({ name: 'sleep', arguments: { ms: 60_000 } }, { signal: cancel.signal }));
            const settled = Promise.allSettled(sleepers);
            await client.listPrompts();
            cancel.abort('changed my mind');
            assert.ok((await settled).every(({ status }) => status === 'rejected'));
            await untilServed(() => client.callTool({ name: 'sleep', arguments: { ms: 1 } }));
            assert.equal(text(await client.callTool({ name: 'echo', arguments: { message: 'free' } })), 'free');
        });

        test('pushes a changed tool list', async t => {
            const changed = Promise.withResolvers();
            const { client: listener, transport } = await connect(t, mode, {}, client =>
                client.setNotificationHandler('notifications/tools/list_changed', () => changed.resolve())
            );
            const { client: other } = await connect(t, mode);
            if (mode === 'auto') {
                const subscription = await listener.listen({ toolsListChanged: true });
                t.after(() => subscription.close());
                assert.deepEqual(subscription.honoredFilter, { toolsListChanged: true });
            } else {
                await streamOpen(transport.sessionId);
            }
            await other.callTool({ name: 'broadcast' });
            await changed.promise;
            assert.ok((await listener.listTools()).tools.length);
        });

        test('reads resources', async t => {
            const { client } = await connect(t, mode);
            const uris = (await client.listResources()).resources.map(resource => resource.uri);
            assert.ok(uris.includes('test://static-text'));
            const read = async uri => (await client.readResource({ uri })).contents[0];
            assert.ok((await read('test://static-text')).text);
            assert.ok((await read('test://static-binary')).blob);
            assert.match((await read('test://template/123/data')).text, /123/);
            // This client shows the -32002 of the sessions era as the -32602 of today.
            await assert.rejects(client.readResource({ uri: 'test://no-such-resource' }), error => error.code === -32602);
        });

        test('gets prompts and completes their arguments', async t => {
            const { client } = await connect(t, mode);
            const prompt = await client.getPrompt({ name: 'test_prompt_with_arguments', arguments: { arg1: 'first value', arg2: 'second value' } });
            assert.match(prompt.messages.map(message => message.content.text).join(' '), /first value.*second value/s);
            const ref = { type: 'ref/prompt', name: 'test_prompt_with_arguments' };
            const { completion } = await client.complete({ ref, argument: { name: 'arg1', value: 'test' } });
            assert.ok(Array.isArray(completion.values));
        });

        test('refuses an unknown tool', async t => {
            const { client } = await connect(t, mode);
            await assert.rejects(client.callTool({ name: 'no_such_tool' }), error => error.code === -32602 && /no_such_tool/.test(error.message));
        });
    });
}

describe('TypeScript client 2.x, what only 2026-07-28 has', () => {
    test('logs when the request asks for it', async t => {
        const seen = [];
        const logged = Promise.withResolvers();
        const { client } = await connect(t, 'auto', {}, client =>
            client.setNotificationHandler('notifications/message', ({ params }) => {
                seen.push(params);
                logged.resolve();
            })
        );
        await client.callTool({ name: 'test_logging_tool' });
        await client.listPrompts();
        assert.deepEqual(seen, []);
        await client.callTool({ name: 'test_logging_tool', _meta: { [LOG_LEVEL_META_KEY]: 'debug' } });
        await logged.promise;
    });

    test('leaves the rounds to a client that wants them', async t => {
        const { client } = await connect(t, 'auto', { capabilities: { elicitation }, inputRequired: { autoFulfill: false } });
        const call = params => client.callTool({ name: 'test_input_required_result_request_state', ...params }, { allowInputRequired: true });
        const asked = await call({});
        assert.equal(asked.resultType, 'input_required');
        const [key] = Object.keys(asked.inputRequests);
        const inputResponses = { [key]: accept({ ok: true }) };
        await assert.rejects(call({ inputResponses, requestState: `${asked.requestState}-TAMPERED` }));
        const done = await call({ inputResponses, requestState: asked.requestState });
        assert.ok(!done.isError && done.content.length);
    });

    test('mirrors a marked parameter in a header', async t => {
        const { client } = await connect(t, 'auto');
        await client.listTools();
        text(await client.callTool({ name: 'test_x_mcp_header', arguments: { region: 'Zürich ' } }));
    });

    test('pushes nothing after a subscription was closed, and serves the next one', async t => {
        let pushed = 0;
        let arrived = Promise.withResolvers();
        const { client } = await connect(t, 'auto', {}, client =>
            client.setNotificationHandler('notifications/tools/list_changed', () => {
                pushed += 1;
                arrived.resolve();
            })
        );
        const first = await client.listen({ toolsListChanged: true });
        await first.close();
        assert.equal(await first.closed, 'local');
        await client.callTool({ name: 'broadcast' });
        assert.equal(pushed, 0);

        const second = await client.listen({ toolsListChanged: true });
        await client.callTool({ name: 'broadcast' });
        await arrived.promise;
        assert.equal(pushed, 1);
        await second.close();
    });
});
