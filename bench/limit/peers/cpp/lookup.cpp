// The peer in C++: gRPC's asynchronous API, a hash table from the question to the answer's bytes, and nothing else.
//
//   lookup ADDRESS ANSWERS [CERTIFICATE KEY CLIENT_CA]      (without the last three: plaintext)
//
// As gRPC's performance guide has it fastest: asynchronous API, one completion queue and one polling thread a core, many
// calls requested ahead, messages as ByteBuffers that are neither parsed nor copied (the answers lie in mapped memory),
// and grpc.minimal_stack, which leaves the filters out that nobody here uses.

#include <fcntl.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/service_type.h>
#include <grpcpp/support/async_unary_call.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <unordered_map>

namespace {

constexpr const char* kMethod = "/ronda.v1.CheckService/CheckPerson";
constexpr int kRequestedAhead = 512;  // calls

std::unordered_map<std::string_view, std::string_view> answers;

uint32_t Word(const char* at) {
  uint32_t value;
  std::memcpy(&value, at, 4);
  return value;
}

// "RONDAA1\0" | u32 count | u32 0 | count x (u32 size of key | u32 size of answer | key | answer), as payloads.py writes it.
void Load(const char* path) {
  struct stat found;
  int file = open(path, O_RDONLY);
  if (file < 0 || fstat(file, &found)) std::exit(2);
  auto bytes = static_cast<const char*>(mmap(nullptr, found.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, 0));
  if (bytes == MAP_FAILED || std::memcmp(bytes, "RONDAA1", 8)) std::exit(2);
  uint32_t count = Word(bytes + 8);
  answers.reserve(count);
  for (const char* at = bytes + 16; count--;) {
    uint32_t key = Word(at), answer = Word(at + 4);
    answers.emplace(std::string_view(at + 8, key), std::string_view(at + 8 + key, answer));
    at += 8 + key + answer;
  }
}

std::string Text(const char* path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// The key is all that follows field 1 (the context, below 128 bytes).
const std::string_view* Find(const char* request, size_t size) {
  if (size < 2 || request[0] != 0x0a || size < 2u + static_cast<uint8_t>(request[1])) return nullptr;
  size_t context = 2 + static_cast<uint8_t>(request[1]);
  auto found = answers.find(std::string_view(request + context, size - context));
  return found == answers.end() ? nullptr : &found->second;
}

class Service : public grpc::Service {
 public:
  Service() {
    AddMethod(new grpc::internal::RpcServiceMethod(kMethod, grpc::internal::RpcMethod::NORMAL_RPC, nullptr));
    MarkMethodRaw(0);
  }
  void Request(grpc::ServerContext* context, grpc::ByteBuffer* request,
               grpc::ServerAsyncResponseWriter<grpc::ByteBuffer>* writer, grpc::ServerCompletionQueue* queue, void* tag) {
    RequestAsyncUnary(0, context, request, writer, queue, queue, tag);
  }
};

// One call after the other; its parts are made anew for each.
class Call {
 public:
  Call(Service* service, grpc::ServerCompletionQueue* queue) : service_(service), queue_(queue) { Begin(); }

  void Proceed(bool ok) {
    if (!ok) return;  // the server is shutting down
    if (answered_) {
      parts_.reset();
      Begin();
      return;
    }
    answered_ = true;
    grpc::Slice slice;
    const std::string_view* found = nullptr;
    if (parts_->request.TrySingleSlice(&slice).ok() || parts_->request.DumpToSingleSlice(&slice).ok())
      found = Find(reinterpret_cast<const char*>(slice.begin()), slice.size());
    if (found == nullptr) {
      parts_->writer.FinishWithError(grpc::Status(grpc::StatusCode::NOT_FOUND, "not on file"), this);
      return;
    }
    grpc::Slice answer(found->data(), found->size(), grpc::Slice::STATIC_SLICE);
    parts_->writer.Finish(grpc::ByteBuffer(&answer, 1), grpc::Status::OK, this);
  }

 private:
  struct Parts {
    grpc::ServerContext context;
    grpc::ByteBuffer request;
    grpc::ServerAsyncResponseWriter<grpc::ByteBuffer> writer{&context};
  };

  void Begin() {
    answered_ = false;
    parts_ = std::make_unique<Parts>();
    service_->Request(&parts_->context, &parts_->request, &parts_->writer, queue_, this);
  }

  Service* service_;
  grpc::ServerCompletionQueue* queue_;
  bool answered_ = false;
  std::unique_ptr<Parts> parts_;
};

std::shared_ptr<grpc::ServerCredentials> Credentials(int count, char** words) {
  if (count < 6) return grpc::InsecureServerCredentials();
  grpc::SslServerCredentialsOptions options(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  options.pem_root_certs = Text(words[5]);
  options.pem_key_cert_pairs.push_back({Text(words[4]), Text(words[3])});
  return grpc::SslServerCredentials(options);
}

}  // namespace

int main(int count, char** words) {
  if (count != 3 && count != 6) return 2;
  Load(words[2]);
  Service service;
  grpc::ServerBuilder builder;
  builder.AddListeningPort(words[1], Credentials(count, words));
  builder.AddChannelArgument("grpc.minimal_stack", 1);
  builder.AddChannelArgument("grpc.http2.bdp_probe", 0);
  builder.RegisterService(&service);
  auto queue = builder.AddCompletionQueue();
  auto server = builder.BuildAndStart();
  if (!server) return 2;
  for (int ahead = 0; ahead < kRequestedAhead; ahead++) new Call(&service, queue.get());
  std::puts("ready");
  std::fflush(stdout);
  void* tag;
  bool ok;
  while (queue->Next(&tag, &ok)) static_cast<Call*>(tag)->Proceed(ok);
}
