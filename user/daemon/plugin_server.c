// SPDX-License-Identifier: BSD-2-Clause
#include "daemon/plugin_server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/log.h"
#include "daemon/http_library.h"

/* Of libmicrohttpd, for each connection: the request line and the headers must fit. */
#define MEMORY_BYTES (32u * 1024)
#define CONNECTIONS_MAX 256
/* More than CONNECTIONS_MAX for a moment: until those that were shut down are gone. */
#define CONNECTIONS_HARD_MAX 1024
/* Nothing came or went for so long; and no request was completed for so long. */
#define IDLE_SECONDS 30
#define REQUEST_SECONDS 40
#define SWEEP_MS 5000

struct request;

struct connection {
	struct mica_plugin_server *server;
	int fd;
	/** When it was opened, or its last request was completed. */
	uint64_t since_ns;
	/** Its request is being worked on. */
	bool busy;
	/** The one that waits for its answer; libmicrohttpd does not look at it meanwhile. */
	struct request *suspended;
	/** By since_ns. */
	struct connection *previous, *next;
};

struct mica_plugin_server {
	struct mica_loop *loop;
	struct mica_plugin *plugin;
	struct MHD_Daemon *http;
	struct mica_watch watch;
	struct mica_timer sweep;
	/** The one that is idle for longest first. */
	struct connection *first, *last;
	size_t count;
	/** An answer is there: libmicrohttpd without a thread of its own has to be told. */
	bool resumed;
};

struct request {
	struct mica_plugin_ticket ticket;
	struct connection *connection;
	struct MHD_Connection *http;
	struct mica_buffer body;
	bool too_big, asked;
};

static void unlink_connection(struct connection *connection)
{
	struct mica_plugin_server *server = connection->server;

	*(connection->previous ? &connection->previous->next : &server->first) = connection->next;
	*(connection->next ? &connection->next->previous : &server->last) = connection->previous;
	connection->previous = connection->next = NULL;
}

static void append_connection(struct connection *connection)
{
	struct mica_plugin_server *server = connection->server;

	connection->since_ns = mica_loop_now();
	connection->previous = server->last;
	*(server->last ? &server->last->next : &server->first) = connection;
	server->last = connection;
}

/* libmicrohttpd sees the end of the stream and closes it. */
static void shut(const struct connection *connection)
{
	(void)shutdown(connection->fd, SHUT_RDWR);
}

static void make_room(struct mica_plugin_server *server)
{
	size_t over = server->count > CONNECTIONS_MAX ? server->count - CONNECTIONS_MAX : 0;

	for (struct connection *connection = server->first; connection && over; connection = connection->next) {
		if (connection->busy)
			continue;
		shut(connection);
		over--;
	}
}

static void notify_connection(void *userdata, struct MHD_Connection *http, void **context,
			      enum MHD_ConnectionNotificationCode code)
{
	struct mica_plugin_server *server = userdata;
	struct connection *connection = *context;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		connection = calloc(1, sizeof(*connection));
		if (!connection)
			return;
		connection->server = server;
		connection->fd =
			libmicrohttpd.MHD_get_connection_info(http, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
		append_connection(connection);
		server->count++;
		make_room(server);
	} else if (connection) {
		unlink_connection(connection);
		server->count--;
		free(connection);
		connection = NULL;
	}
	*context = connection;
}

/* Those that send a byte now and then. Idle ones are libmicrohttpd's to close. */
static void sweep(void *userdata)
{
	struct mica_plugin_server *server = userdata;
	uint64_t now = mica_loop_now();

	for (struct connection *connection = server->first;
	     connection && now - connection->since_ns > REQUEST_SECONDS * 1000000000ULL; connection = connection->next)
		if (!connection->busy)
			shut(connection);
	mica_loop_set_timer(server->loop, &server->sweep, SWEEP_MS);
}

static bool is_gone(struct mica_plugin_ticket *ticket)
{
	const struct request *request = ticket->userdata;
	char byte;

	return recv(request->connection->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

static void answered(struct mica_plugin_ticket *ticket)
{
	const struct request *request = ticket->userdata;

	if (!request->connection->suspended)
		return;
	request->connection->suspended = NULL;
	request->connection->server->resumed = true;
	libmicrohttpd.MHD_resume_connection(request->http);
}

static enum MHD_Result send_answer(struct MHD_Connection *http, unsigned status, const json_t *body)
{
	char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
	struct MHD_Response *response;
	enum MHD_Result sent;

	if (!text)
		return MHD_NO;
	response = libmicrohttpd.MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_FREE);
	if (!response) {
		free(text);
		return MHD_NO;
	}
	(void)libmicrohttpd.MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
						    "application/vnd.docker.plugins.v1.2+json");
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		(void)libmicrohttpd.MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "POST");
	sent = libmicrohttpd.MHD_queue_response(http, status, response);
	libmicrohttpd.MHD_destroy_response(response);
	return sent;
}

static enum MHD_Result refuse(struct MHD_Connection *http, unsigned status, const char *reason)
{
	json_t *body = json_pack("{s:s}", "Err", reason);
	enum MHD_Result sent = send_answer(http, status, body);

	json_decref(body);
	return sent;
}

static void take_body(struct request *request, const char *data, size_t size)
{
	if (request->body.size + size > MICA_PLUGIN_BODY_MAX)
		request->too_big = true;
	else
		(void)mica_buffer_append(&request->body, data, size);
}

static enum MHD_Result ask(struct request *request, struct mica_plugin_server *server, const char *url,
			   const char *method)
{
	struct mica_plugin_ticket *ticket = &request->ticket;
	const char *reason = "the body is over 1 MiB";
	unsigned status = MHD_HTTP_CONTENT_TOO_LARGE;

	request->asked = true;
	if (!request->too_big)
		status = request->body.failed
				 ? 503
				 : mica_plugin_request_parse(method, url, request->body.data, request->body.size,
							     &ticket->request, &reason);
	if (status)
		return refuse(request->http, status, reason);
	request->connection->busy = true;
	ticket->answered = answered;
	ticket->gone = is_gone;
	ticket->userdata = request;
	mica_plugin_ask(server->plugin, ticket);
	if (ticket->status)
		return send_answer(request->http, ticket->status, ticket->body);
	request->connection->suspended = request;
	libmicrohttpd.MHD_suspend_connection(request->http);
	return MHD_YES;
}

static enum MHD_Result handle(void *userdata, struct MHD_Connection *http, const char *url, const char *method,
			      const char *version, const char *data, size_t *size, void **context)
{
	struct request *request = *context;

	(void)version;
	if (!request) {
		const union MHD_ConnectionInfo *info =
			libmicrohttpd.MHD_get_connection_info(http, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

		request = calloc(1, sizeof(*request));
		if (!request || !info || !info->socket_context) {
			free(request);
			return MHD_NO;
		}
		request->http = http;
		request->connection = info->socket_context;
		*context = request;
		return MHD_YES;
	}
	if (*size) {
		take_body(request, data, *size);
		*size = 0;
		return MHD_YES;
	}
	if (!request->asked)
		return ask(request, userdata, url, method);
	return request->ticket.status ? send_answer(http, request->ticket.status, request->ticket.body) : MHD_YES;
}

static void completed(void *userdata, struct MHD_Connection *http, void **context, enum MHD_RequestTerminationCode code)
{
	struct request *request = *context;

	(void)userdata;
	(void)http;
	if (!request)
		return;
	mica_plugin_end(&request->ticket, code == MHD_REQUEST_TERMINATED_COMPLETED_OK);
	request->connection->busy = false;
	unlink_connection(request->connection);
	append_connection(request->connection);
	mica_buffer_free(&request->body);
	free(request);
	*context = NULL;
}

static void ready(uint32_t events, void *userdata)
{
	const struct mica_plugin_server *server = userdata;

	(void)events;
	(void)libmicrohttpd.MHD_run(server->http);
}

/* libmicrohttpd may have work without an event. */
static int prepare(void *userdata)
{
	struct mica_plugin_server *server = userdata;
	MHD_UNSIGNED_LONG_LONG wait = 0;

	if (server->resumed) {
		server->resumed = false;
		(void)libmicrohttpd.MHD_run(server->http);
	}
	for (int i = 0; i < 64; i++) {
		if (libmicrohttpd.MHD_get_timeout(server->http, &wait) != MHD_YES)
			return -1;
		if (wait)
			return wait > 60000 ? 60000 : (int)wait;
		(void)libmicrohttpd.MHD_run(server->http);
	}
	return 0;
}

__attribute__((format(printf, 2, 0))) static void log_http(void *userdata, const char *format, va_list arguments)
{
	_cleanup_buffer_ struct mica_buffer text = {};

	(void)userdata;
	(void)mica_buffer_vappendf(&text, format, arguments);
	if (mica_buffer_string(&text))
		mica_log_debug("http: %.*s", (int)strcspn(text.data, "\n"), text.data);
}

static int start(struct mica_plugin_server *server, int listen_fd)
{
	int r = mica_http_library_load();

	if (r < 0)
		return r;
	server->http =
		libmicrohttpd.MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0, NULL,
					       NULL, handle, server, MHD_OPTION_EXTERNAL_LOGGER, log_http, server,
					       MHD_OPTION_LISTEN_SOCKET, listen_fd, MHD_OPTION_CONNECTION_LIMIT,
					       (unsigned)CONNECTIONS_HARD_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
					       (unsigned)IDLE_SECONDS, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
					       (size_t)MEMORY_BYTES, MHD_OPTION_NOTIFY_CONNECTION, notify_connection,
					       server, MHD_OPTION_NOTIFY_COMPLETED, completed, server, MHD_OPTION_END);
	if (!server->http)
		return -EIO;
	server->watch = (struct mica_watch){
		.fd = libmicrohttpd.MHD_get_daemon_info(server->http, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd,
		.ready = ready,
		.userdata = server,
	};
	mica_loop_set_prepare(server->loop, prepare, server);
	mica_loop_set_timer(server->loop, &server->sweep, SWEEP_MS);
	return mica_loop_watch(server->loop, &server->watch, EPOLLIN);
}

int mica_plugin_server_new(struct mica_loop *loop, struct mica_plugin *plugin, int listen_fd,
			   struct mica_plugin_server **ret)
{
	struct mica_plugin_server *server = calloc(1, sizeof(*server));
	int r;

	if (!server)
		return -ENOMEM;
	server->loop = loop;
	server->plugin = plugin;
	server->sweep = (struct mica_timer){ .fire = sweep, .userdata = server };
	r = start(server, listen_fd);
	if (r < 0) {
		mica_plugin_server_free(&server);
		return r;
	}
	*ret = server;
	return 0;
}

void mica_plugin_server_free(struct mica_plugin_server **server)
{
	struct mica_plugin_server *s = *server;

	if (!s)
		return;
	mica_loop_set_prepare(s->loop, NULL, NULL);
	mica_loop_unwatch(s->loop, &s->watch);
	mica_loop_clear_timer(s->loop, &s->sweep);
	for (struct connection *connection = s->first; connection; connection = connection->next)
		if (connection->suspended) {
			libmicrohttpd.MHD_resume_connection(connection->suspended->http);
			connection->suspended = NULL;
		}
	if (s->http)
		libmicrohttpd.MHD_stop_daemon(s->http);
	free(s);
	*server = NULL;
}
