/* SPDX-License-Identifier: BSD-2-Clause */
/* The least that a volume plugin can do: it answers every call, over the same HTTP library, and keeps nothing. */
#include <microhttpd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static enum MHD_Result handle(void *userdata, struct MHD_Connection *connection, const char *url, const char *method,
			      const char *version, const char *data, size_t *size, void **context)
{
	static const char mount[] = "{\"Mountpoint\":\"/srv\",\"Err\":\"\"}", plain[] = "{\"Err\":\"\"}";
	const char *text = strstr(url, "Mount") ? mount : plain;
	struct MHD_Response *response;
	enum MHD_Result sent;

	(void)userdata;
	(void)method;
	(void)version;
	(void)data;
	if (!*context || *size) {
		*context = handle;
		*size = 0;
		return MHD_YES;
	}
	response = MHD_create_response_from_buffer(strlen(text), (void *)text, MHD_RESPMEM_PERSISTENT);
	sent = MHD_queue_response(connection, MHD_HTTP_OK, response);
	MHD_destroy_response(response);
	return sent;
}

int main(int argc, char **argv)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (argc != 2 || strlen(argv[1]) >= sizeof(address.sun_path))
		return 2;
	(void)memcpy(address.sun_path, argv[1], strlen(argv[1]) + 1);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 16) < 0 ||
	    !MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD, 0, NULL, NULL, handle, NULL, MHD_OPTION_LISTEN_SOCKET, fd,
			      MHD_OPTION_END)) {
		perror(argv[1]);
		return 1;
	}
	(void)signal(SIGPIPE, SIG_IGN);
	for (;;)
		(void)pause();
}
