/*
 * mcpserver.h - libmcpserver, an MCP (Model Context Protocol) server that any program can embed.
 *
 * Generated from the source of bindings/c; do not edit. Version @VERSION@.
 *
 * A program makes a configuration and a server, registers tools, resources and prompts as callbacks, and starts
 * the server, which brings its own threads. Every revision of the protocol is served, over the same callbacks:
 *
@EXAMPLE@
 *
 * cc greet.c $(pkg-config --cflags --libs mcpserver)
 *
 * Rules that hold for all functions:
 *
 * - Nothing that is passed does harm: NULL, text that is not UTF-8, JSON that is none, a call that has ended. It is
 *   answered with a status. A handle that was freed is the exception: it must not be used.
 * - Handles made here may be NULL wherever a function takes one, so statuses may be checked once at the end, as
 *   in the example: what failed before makes what follows return MCP_ERR_NULL.
 * - The library installs no signal handler, no allocator and no logger, writes nothing to stdout, and to stderr
 *   only the report of a fault of its own. No SIGPIPE comes from it. It cannot be used in the child of a fork():
 *   MCP_ERR_FORKED. Once loaded, it is not unloaded. A process may exit without stopping its servers.
 * - The interface only grows: no value, structure or function that is here will change as long as
 *   MCP_ABI_VERSION is the same.
 */

#ifndef MCPSERVER_H
#define MCPSERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The version of the library that this header belongs to. */
#define MCP_VERSION "@VERSION@"
