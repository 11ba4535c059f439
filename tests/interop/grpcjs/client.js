// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026 Bridgetap contributors
//
// node client.js SOCKET PROTO SCENARIO [JSON]: one scenario against a control plane, on stock
// @grpc/grpc-js and the .proto files in the folder PROTO. The organisation is BRIDGETAP_ORGANISATION
// of the environment, the user BRIDGETAP_USER. What was seen goes to stdout, as JSON.
"use strict";

const grpc = require("@grpc/grpc-js");
const loader = require("@grpc/proto-loader");

const [socket, proto, scenario, argument] = process.argv.slice(2);
const definition = loader.loadSync(
	["calls", "directory", "monitor"].map((name) => `bridgetap/v1/${name}.proto`).concat(
		"reflection/v1/reflection.proto"),
	{ includeDirs: [proto], keepCase: true, longs: Number, enums: String, defaults: true,
		oneofs: true });
const api = grpc.loadPackageDefinition(definition);

function client(service) {
	return new service(`unix:${socket}`, grpc.credentials.createInsecure());
}

function metadata() {
	const made = new grpc.Metadata();

	made.set("bridgetap-organisation", process.env.BRIDGETAP_ORGANISATION);
	if (process.env.BRIDGETAP_USER)
		made.set("bridgetap-user", process.env.BRIDGETAP_USER);
	return made;
}

function inSeconds(seconds) {
	return { deadline: new Date(Date.now() + 1000 * seconds) };
}

// What a program can tell of a failed call.
function described(error) {
	const refusals = error.metadata.get("bridgetap-refusal-bin").map(
		definition["bridgetap.v1.Refusal"].deserialize);

	return { code: grpc.status[error.code], sentence: error.details,
		reasons: refusals.flatMap((refusal) => refusal.reasons) };
}

// { response } or { error } of a unary call.
function unary(stub, method, request, options = inSeconds(10)) {
	return new Promise((resolve) => stub[method](request, metadata(), options,
		(error, response) => resolve(error ? { error: described(error) } : { response })));
}

// Every message of a stream to onMessage; resolves to how the stream ended.
function follow(stream, onMessage) {
	return new Promise((resolve) => {
		stream.on("data", onMessage);
		stream.on("error", (error) => resolve(described(error)));
		stream.on("end", () => {});
		stream.on("status", (status) => status.code === grpc.status.OK &&
			resolve({ code: "OK" }));
	});
}

const calls = client(api.bridgetap.v1.Calls);
const monitor = client(api.bridgetap.v1.Monitor);

const scenarios = {
	async unary() {
		return unary(calls, "ListCalls", { page_size: 10 });
	},

	async join(request) {
		return unary(monitor, "Join", request);
	},

	async deadline() {
		const started = Date.now();
		const watching = calls.WatchCalls({}, metadata(), inSeconds(0.5));
		const status = await follow(watching, () => {});

		return { ...status, ms: Date.now() - started };
	},

	async cancel() {
		const watching = calls.WatchCalls({}, metadata());
		const status = await follow(watching, () => watching.cancel());

		return { status, after: await unary(calls, "ListCalls", {}) };
	},

	async load(messages) {
		return new Promise((resolve) => {
			const stream = calls.LoadCallTable(metadata(), inSeconds(10),
				(error, response) => resolve(
					error ? { error: described(error) } : { response }));

			messages.forEach((message) => stream.write(message));
			stream.end();
		});
	},

	// A call begins and ends while somebody watches.
	async call(description) {
		const changes = [];
		const watching = calls.WatchCalls({}, metadata(), inSeconds(30));
		let created, deleted, shown = false;
		const status = await follow(watching, async (change) => {
			changes.push(change);
			if (change.current && !created) {
				created = unary(calls, "CreateCall", { call: description });
			} else if (change.calls.some((call) => call.id === description.id) && !shown) {
				shown = true;
				await created;
				deleted = unary(calls, "DeleteCall", { call_id: description.id });
			} else if (deleted && change.calls.length === 0) {
				watching.cancel();
			}
		});

		return { created: await created, deleted: await deleted, changes, status };
	},

	// Questions one after the other, each when the last one is answered.
	async reflect(questions) {
		const stub = client(api.grpc.reflection.v1.ServerReflection);
		const stream = stub.ServerReflectionInfo(inSeconds(10));
		const answers = [];
		const ask = () => answers.length < questions.length ?
			stream.write(questions[answers.length]) : stream.end();

		ask();
		const status = await follow(stream, (answer) => {
			answers.push(answer);
			ask();
		});
		return { answers, status };
	},
};

scenarios[scenario](argument && JSON.parse(argument)).then((seen) => {
	process.stdout.write(JSON.stringify(seen), () => process.exit(0));
});
