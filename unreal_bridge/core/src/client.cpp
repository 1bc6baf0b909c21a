#include "client.h"

#include <chrono>
#include <cmath>
#include <fstream>
#include <sstream>
#include <thread>

#include <grpcpp/generic/generic_stub.h>

namespace emomotion {
namespace {

// HOST:PORT, an IPv6 host in brackets. Without a port gRPC would take 443 in silence.
bool is_target(const std::string &target) {
    const size_t colon = target.rfind(':');
    if (colon == std::string::npos || colon == 0 || target.size() - colon - 1 < 1 || target.size() - colon - 1 > 5)
        return false;
    const std::string host = target.substr(0, colon), port = target.substr(colon + 1);
    const auto made_of = [](const std::string &text, const char *chars) {
        return text.find_first_not_of(chars) == std::string::npos;
    };
    if (!made_of(port, "0123456789") || std::stoi(port) < 1 || std::stoi(port) > 65535) return false;
    if (host.front() == '[')
        return host.size() > 2 && host.back() == ']' &&
               made_of(host.substr(1, host.size() - 2), "0123456789abcdefABCDEF:.%");
    return host.find_first_of(" \t\r\n:/[]") == std::string::npos;
}

std::string checked_target(const char *server) {
    const std::string target = server ? server : "";
    if (!is_target(target))
        refuse("server", "server must be HOST:PORT, e.g. localhost:50051; got '" + target.substr(0, 80) + "'");
    return target;
}

std::string checked_token(const char *token) {
    const std::string found = token ? token : "";
    for (const char c : found)
        if (c < '!' || c > '~') refuse("token", "token must be printable ASCII without spaces");
    return found;
}

std::string read_file(const char *path) {
    if (!path) return "";
    std::ifstream in(path, std::ios::binary);
    std::ostringstream out;
    out << in.rdbuf();
    if (!in || out.str().empty()) refuse("tls", std::string("a TLS file cannot be read: ") + path);
    return out.str();
}

std::shared_ptr<grpc::ChannelCredentials> credentials_of(const em_connection &how) {
    if ((how.tls_cert == nullptr) != (how.tls_key == nullptr))
        refuse("tls", "a client's certificate needs its key, and the other way round");
    if (!how.tls && !how.tls_ca && !how.tls_cert) return grpc::InsecureChannelCredentials();
    return grpc::SslCredentials({read_file(how.tls_ca), read_file(how.tls_key), read_file(how.tls_cert)});
}

grpc::ChannelArguments channel_arguments() {
    grpc::ChannelArguments arguments;
    // A server that vanished without a word is noticed within seconds; a live character then goes on elsewhere.
    arguments.SetInt("grpc.keepalive_time_ms", 5000);
    arguments.SetInt("grpc.keepalive_timeout_ms", 5000);
    arguments.SetInt("grpc.http2.max_pings_without_data", 0);
    // Left alone gRPC would wait ever longer, up to minutes, before it looks for a server that was away.
    arguments.SetInt("grpc.initial_reconnect_backoff_ms", 100);
    // In spite of its name, the time that one attempt may take: a server far away, or a busy one, answers late.
    arguments.SetInt("grpc.min_reconnect_backoff_ms", 5000);
    arguments.SetInt("grpc.max_reconnect_backoff_ms", 500);
    // Clients of one process and one server share no connection: closing one must not touch the other.
    arguments.SetInt("grpc.use_local_subchannel_pool", 1);
    return arguments;
}

std::string one_line(const std::string &text) {
    std::istringstream in(text);
    std::string out;
    for (std::string word; in >> word;) out += (out.empty() ? "" : " ") + word;
    return out;
}

bool has(const std::string &text, const char *part) { return text.find(part) != std::string::npos; }

std::string trailer(const grpc::ClientContext &context, const char *key) {
    const auto &all = context.GetServerTrailingMetadata();
    const auto found = all.find(key);
    return found == all.end() ? "" : std::string(found->second.data(), found->second.size());
}

std::string number(double value) {
    std::ostringstream out;
    out << value;
    return out.str();
}

}  // namespace

Client::Client(const em_connection &how) : target_(checked_target(how.server)), token_(checked_token(how.token)) {
    channel_ = grpc::CreateCustomChannel(target_, credentials_of(how), channel_arguments());
    motion_ = wire::MotionService::NewStub(channel_);
    live_ = wire::LiveService::NewStub(channel_);
    face_ = wire::FaceService::NewStub(channel_);
}

void Client::introduce(grpc::ClientContext &context) const {
    if (!token_.empty()) context.AddMetadata("authorization", "Bearer " + token_);
}

void Client::enter(Running *running) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (closed_) throw Refused{EM_CANCELLED, "the client was closed", ""};
    running_.insert(running);
}

void Client::leave(Running *running) {
    const std::lock_guard<std::mutex> lock(mutex_);
    running_.erase(running);
    left_.notify_all();
}

void Client::going(Running *running) {
    const std::lock_guard<std::mutex> lock(mutex_);
    running_.erase(running);
    going_++;
}

void Client::gone() {
    const std::lock_guard<std::mutex> lock(mutex_);
    going_--;
    left_.notify_all();
}

void Client::close() {
    std::unique_lock<std::mutex> lock(mutex_);
    closed_ = true;
    for (auto at = running_.begin(); at != running_.end();) at = (*at)->cancel() ? running_.erase(at) : std::next(at);
    left_.wait(lock, [&] { return running_.empty() && going_ == 0; });
}

Call::Call(std::shared_ptr<Client> client, double timeout_s) : client_(std::move(client)) {
    client_->introduce(context);
    // More than a year would overflow the clock.
    const auto length = std::chrono::duration<double>(std::min(std::max(timeout_s, 0.0), 3e7));
    context.set_deadline(std::chrono::system_clock::now() +
                         std::chrono::duration_cast<std::chrono::milliseconds>(length));
    client_->enter(this);
}

Call::~Call() { client_->leave(this); }

Refused translated(const grpc::Status &status, const grpc::ClientContext &context, const std::string &target,
                   double timeout_s) {
    const auto code = static_cast<em_code>(status.error_code());
    const std::string details = one_line(status.error_message());
    const std::string server = "server " + target;
    switch (status.error_code()) {
        case grpc::StatusCode::INVALID_ARGUMENT:
            return {code, details, trailer(context, "emomotion-field")};
        case grpc::StatusCode::UNAVAILABLE:
            // The library says so, in these words, of an address where nobody listens.
            if (has(details, "failed to connect") || has(details, "DNS resolution"))
                return {code, "no server answers at " + target + "; start one with: emomotion serve", ""};
            if (has(details, "Cancelling all calls") || has(details, "hutdown") || has(details, "GOAWAY"))
                return {code, server + " is shutting down; ask again when it is back", ""};
            return {code, server + " is not available: " + details, ""};
        case grpc::StatusCode::UNAUTHENTICATED:
            return {code, server + " wants a valid token: set em_connection.token", ""};
        case grpc::StatusCode::DEADLINE_EXCEEDED:
            if (has(details, "Deadline Exceeded") && timeout_s > 0)
                return {code,
                        server + " did not finish within " + number(timeout_s) +
                            " s; allow more time or ask for fewer seconds",
                        ""};
            return {code, server + " answered DEADLINE_EXCEEDED: " + details, ""};
        case grpc::StatusCode::UNIMPLEMENTED:
            return {code, server + " does not speak emomotion.v1; is it another program?", ""};
        case grpc::StatusCode::CANCELLED:
            if (has(details, "CANCELLED") || has(details, "the call was cancelled"))
                return {code, "the call was cancelled: a callback said so, or the client was closed", ""};
            // A balancer whose server died resets the call, which looks as if we had cancelled it.
            return {EM_UNAVAILABLE, server + " was lost in the middle of the call; ask again", ""};
        default: {
            Refused out{code, server + " answered " + em_code_name(code) + ": " + details, ""};
            const std::string pushback = trailer(context, "grpc-retry-pushback-ms");
            if (!pushback.empty()) out.retry_after_ms = std::max(0, std::atoi(pushback.c_str()));
            return out;
        }
    }
}

// Whether a server serves by grpc.health.v1, whose two messages are a string and an enum: not worth a generated stub.
static grpc::Status look(Call &call, const Client &client, bool *serving) {
    const std::string service = "emomotion.v1.MotionService";
    const std::string request = std::string("\x0a") + static_cast<char>(service.size()) + service;
    const grpc::Slice slice(request);
    const grpc::ByteBuffer message(&slice, 1);
    grpc::GenericStub stub(client.channel());
    grpc::CompletionQueue queue;
    const auto reader = stub.PrepareUnaryCall(&call.context, "/grpc.health.v1.Health/Check", message, &queue);
    grpc::ByteBuffer reply;
    grpc::Status status;
    reader->StartCall();
    reader->Finish(&reply, &status, &queue);
    void *tag;
    bool ok;
    queue.Next(&tag, &ok);
    queue.Shutdown();
    while (queue.Next(&tag, &ok)) {}
    std::vector<grpc::Slice> slices;
    *serving = status.ok() && reply.Dump(&slices).ok() && slices.size() == 1 && slices[0].size() == 2 &&
               slices[0].begin()[0] == 0x08 && slices[0].begin()[1] == 1;
    return status;
}

static em_code wait_ready(const std::shared_ptr<Client> &client, double timeout_s) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(std::min(timeout_s, 3e7));
    for (std::string state;;) {
        {
            Call call(client, 5.0);
            bool serving = false;
            const grpc::Status status = look(call, *client, &serving);
            // Where that service is missing, as behind Ray, a server that answers at all is ready.
            if (serving || status.error_code() == grpc::StatusCode::UNIMPLEMENTED) return EM_OK;
            const bool away = status.error_code() == grpc::StatusCode::UNAVAILABLE ||
                              status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED;
            if (!status.ok() && !away) throw translated(status, call.context, client->target(), 0);
            state = away ? " is not there" : " is warming up, or shutting down";
        }
        if (!(std::chrono::steady_clock::now() < end))
            throw Refused{EM_UNAVAILABLE,
                          "server " + client->target() + state + ", after " + number(timeout_s) +
                              " s; allow more time or look at its log",
                          ""};
        std::this_thread::sleep_for(std::chrono::milliseconds(200));
    }
}

}  // namespace emomotion

using namespace emomotion;

extern "C" {

em_code em_connect(const em_connection *how, em_client **client, em_error *error) {
    return guarded(error, [&] {
        if (!how || !client) refuse("server", "em_connect needs a connection and a place for the client");
        *client = new em_client{std::make_shared<Client>(*how)};
        return EM_OK;
    });
}

void em_close(em_client *client) {
    if (!client) return;
    client->shared->close();
    delete client;
}

em_code em_wait_ready(em_client *client, double timeout_s, em_error *error) {
    return guarded(error, [&] {
        if (!client) refuse("client", "em_wait_ready needs a client");
        return wait_ready(client->shared, timeout_s);
    });
}

}  // extern "C"
