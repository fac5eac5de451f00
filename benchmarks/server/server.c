/* A fake OpenAI-compatible server that is never the bottleneck: every chat completion is "4".
 *
 * One thread, epoll, keep-alive, loopback only. Usage: server [LATENCY_MS]
 * It prints its port on the first line of stdout and serves until it is killed.
 *
 *   POST /v1/chat/completions   the reply, LATENCY_MS after the request was read
 *   GET  /count                 {"requests": replies sent so far,
 *                                "seconds": from the first request read to the last reply sent}
 *   GET  /reset                 the same, then both start again from zero
 */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define FIRST_BUFFER 4096
#define LARGEST_REQUEST (64u << 20)
#define BATCH 512

static const char BODY[] =
    "{\"id\":\"chatcmpl-0\",\"object\":\"chat.completion\",\"created\":1700000000,"
    "\"model\":\"fake\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\","
    "\"content\":\"4\"},\"logprobs\":null,\"finish_reason\":\"stop\"}],"
    "\"usage\":{\"prompt_tokens\":20,\"completion_tokens\":1,\"total_tokens\":21}}";

/* One connection. `serial` tells a connection from a later one that got the same descriptor. */
typedef struct {
    char *data;
    size_t held, room;
    uint64_t serial;
    int open, awaiting;
} Connection;

/* Replies that wait. Every one waits equally long, so the order of arrival is the order of leaving:
 * a ring does what a heap would. */
typedef struct {
    int64_t due;
    uint64_t serial;
    int fd;
} Waiting;

static Connection *connections;
static int connection_room;
static Waiting *ring;
static size_t ring_room, ring_first, ring_count;
static uint64_t last_serial, replies;
static int64_t latency, first_request, last_reply;
static int poll_fd, timer_fd, timer_armed;
static char reply[1024];
static size_t reply_length;

static int64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void die(const char *what) {
    perror(what);
    exit(1);
}

static void *grown(void *old, size_t bytes) {
    void *new = realloc(old, bytes);
    if (!new) die("realloc");
    return new;
}

static void close_connection(int fd) {
    free(connections[fd].data);
    memset(&connections[fd], 0, sizeof(Connection));
    close(fd);
}

/* Replies are far smaller than an empty socket buffer, so a short write means a client that is
 * gone or does not read. */
static int send_all(int fd, const char *data, size_t length) {
    return send(fd, data, length, MSG_NOSIGNAL) == (ssize_t)length;
}

static int send_reply(int fd) {
    if (!send_all(fd, reply, reply_length)) return 0;
    replies++;
    last_reply = now();
    return 1;
}

static int send_count(int fd, int reset) {
    char body[128], text[256];
    double seconds = replies ? (double)(last_reply - first_request) / 1e9 : 0.0;
    int n = snprintf(body, sizeof body, "{\"requests\":%llu,\"seconds\":%.6f}",
                     (unsigned long long)replies, seconds);
    int m = snprintf(text, sizeof text,
                     "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                     "Content-Length: %d\r\n\r\n%s", n, body);
    if (reset) replies = 0, first_request = last_reply = 0;
    return send_all(fd, text, (size_t)m);
}

static int send_refusal(int fd, const char *status) {
    char text[128];
    int n = snprintf(text, sizeof text, "HTTP/1.1 %s\r\nContent-Length: 0\r\n\r\n", status);
    return send_all(fd, text, (size_t)n);
}

static void arm_timer(int64_t due) {
    struct itimerspec when = {{0, 0}, {due / 1000000000, due % 1000000000}};
    if (timerfd_settime(timer_fd, TFD_TIMER_ABSTIME, &when, NULL) < 0) die("timerfd_settime");
    timer_armed = 1;
}

static void reply_later(int fd, int64_t due) {
    if (ring_count == ring_room) {
        size_t room = ring_room ? ring_room * 2 : 1024;
        Waiting *bigger = grown(NULL, room * sizeof(Waiting));
        for (size_t i = 0; i < ring_count; i++)
            bigger[i] = ring[(ring_first + i) % ring_room];
        free(ring);
        ring = bigger, ring_room = room, ring_first = 0;
    }
    ring[(ring_first + ring_count++) % ring_room] = (Waiting){due, connections[fd].serial, fd};
    connections[fd].awaiting = 1;
    if (!timer_armed) arm_timer(due);
}

/* The length of the body that the headers announce; -1 where they are not understood. */
static long body_length(const char *head, size_t length) {
    const char *end = head + length;
    for (const char *line = head; line < end;) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));
        if (!stop) break;
        if (!strncasecmp(line, "content-length:", 15)) return strtol(line + 15, NULL, 10);
        if (!strncasecmp(line, "transfer-encoding:", 18)) return -1;
        line = stop + 1;
    }
    return 0;
}

static int answer(int fd, const char *head) {
    if (!strncmp(head, "POST ", 5) && strstr(head, "/chat/completions")) {
        int64_t moment = now();
        if (!first_request) first_request = moment;
        if (!latency) return send_reply(fd);
        reply_later(fd, moment + latency);
        return 1;
    }
    if (!strncmp(head, "GET /count", 10)) return send_count(fd, 0);
    if (!strncmp(head, "GET /reset", 10)) return send_count(fd, 1);
    return send_refusal(fd, "404 Not Found");
}

/* Answer every whole request that a connection holds. 0: the connection is to be closed. */
static int serve_held(int fd) {
    Connection *c = &connections[fd];
    while (c->held && !c->awaiting) {
        char *blank = memmem(c->data, c->held, "\r\n\r\n", 4);
        if (!blank) return c->held < LARGEST_REQUEST;
        size_t head = (size_t)(blank - c->data) + 4;
        long body = body_length(c->data, head);
        if (body < 0) return send_refusal(fd, "411 Length Required"), 0;
        if (head + (size_t)body > LARGEST_REQUEST) return 0;
        if (c->held < head + (size_t)body) return 1;
        blank[0] = 0; /* so that the head is a string */
        if (!answer(fd, c->data)) return 0;
        size_t used = head + (size_t)body;
        memmove(c->data, c->data + used, c->held - used);
        c->held -= used;
    }
    return 1;
}

static void read_from(int fd) {
    Connection *c = &connections[fd];
    for (;;) {
        if (c->held == c->room) {
            c->room = c->room ? c->room * 2 : FIRST_BUFFER;
            c->data = grown(c->data, c->room);
        }
        size_t room = c->room - c->held;
        ssize_t got = recv(fd, c->data + c->held, room, 0);
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) break;
        if (got <= 0) return close_connection(fd);
        c->held += (size_t)got;
        if ((size_t)got < room) break;
    }
    if (!serve_held(fd)) close_connection(fd);
}

static void accept_all(int listener) {
    for (;;) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) return;
        if (fd >= connection_room) {
            int room = fd * 2 + 64;
            connections = grown(connections, (size_t)room * sizeof(Connection));
            memset(connections + connection_room, 0,
                   (size_t)(room - connection_room) * sizeof(Connection));
            connection_room = room;
        }
        int on = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        connections[fd].open = 1;
        connections[fd].serial = ++last_serial;
        struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
        if (epoll_ctl(poll_fd, EPOLL_CTL_ADD, fd, &event) < 0) die("epoll_ctl");
    }
}

static void send_due(void) {
    uint64_t fired;
    if (read(timer_fd, &fired, sizeof fired) < 0 && errno != EAGAIN) die("timerfd");
    timer_armed = 0;
    int64_t moment = now();
    while (ring_count && ring[ring_first].due <= moment) {
        Waiting w = ring[ring_first];
        ring_first = (ring_first + 1) % ring_room;
        ring_count--;
        Connection *c = &connections[w.fd];
        if (!c->open || c->serial != w.serial) continue; /* the client has gone */
        c->awaiting = 0;
        if (!send_reply(w.fd) || !serve_held(w.fd)) close_connection(w.fd);
    }
    if (ring_count) arm_timer(ring[ring_first].due);
}

static int listen_on_loopback(void) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, length) < 0) die("bind");
    if (listen(fd, 4096) < 0) die("listen");
    if (getsockname(fd, (struct sockaddr *)&address, &length) < 0) die("getsockname");
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    return fd;
}

int main(int argc, char **argv) {
    latency = argc > 1 ? (int64_t)(strtod(argv[1], NULL) * 1e6) : 0;
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* no server outlives its benchmark */
    reply_length = (size_t)snprintf(
        reply, sizeof reply,
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
        sizeof BODY - 1, BODY);
    poll_fd = epoll_create1(EPOLL_CLOEXEC);
    timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    int listener = listen_on_loopback();
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener};
    if (epoll_ctl(poll_fd, EPOLL_CTL_ADD, listener, &event) < 0) die("epoll_ctl");
    event.data.fd = timer_fd;
    if (epoll_ctl(poll_fd, EPOLL_CTL_ADD, timer_fd, &event) < 0) die("epoll_ctl");
    struct epoll_event events[BATCH];
    for (;;) {
        int n = epoll_wait(poll_fd, events, BATCH, -1);
        if (n < 0 && errno != EINTR) die("epoll_wait");
        for (int i = 0; i < n; i++) {
            int fd = events[i].data.fd;
            if (fd == listener) accept_all(listener);
            else if (fd == timer_fd) send_due();
            else if (connections[fd].open) read_from(fd);
        }
    }
}
