"""Somebody between Firn and the Pub/Sub API of an org: hands every call on, and changes what a subscription tells."""
import concurrent.futures

import grpc

from support.pubsub import stubs

UNBOUNDED = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]


class Between:
    """`endpoint` leads to the org; `change` gets each answer's list of events, and its list is told instead."""

    def __init__(self, org):
        self.change = list
        self.told = 0
        self.pb, rpc = stubs()
        self.channel = grpc.insecure_channel(org.facts["pubsub_endpoint"], options=UNBOUNDED)
        self.stub = rpc.PubSubStub(self.channel)
        self.server = grpc.server(concurrent.futures.ThreadPoolExecutor(16), options=UNBOUNDED)
        # What is not handed on is answered as unimplemented, by the base class.
        served = type("Served", (rpc.PubSubServicer,), {
            name: staticmethod(getattr(self, name)) for name in ("GetTopic", "GetSchema", "Subscribe")})
        rpc.add_PubSubServicer_to_server(served(), self.server)
        self.endpoint = f"127.0.0.1:{self.server.add_insecure_port('127.0.0.1:0')}"

    def __enter__(self):
        self.server.start()
        return self

    def __exit__(self, *_):
        self.server.stop(None).wait()
        self.channel.close()

    def lead(self, project, org):
        """The project's org is reached through here."""
        path = project.folder / "firn.yaml"
        text = path.read_text()
        assert org.facts["pubsub_endpoint"] in text
        path.write_text(text.replace(org.facts["pubsub_endpoint"], self.endpoint))
        return project

    @staticmethod
    def metadata(context):
        return [(key, value) for key, value in context.invocation_metadata() if key in ("accesstoken", "instanceurl", "tenantid")]

    @staticmethod
    def fail(context, error):
        context.set_trailing_metadata(error.trailing_metadata())
        context.abort(error.code(), error.details())

    def GetTopic(self, request, context):
        try:
            return self.stub.GetTopic(request, metadata=self.metadata(context))
        except grpc.RpcError as error:
            self.fail(context, error)

    def GetSchema(self, request, context):
        try:
            return self.stub.GetSchema(request, metadata=self.metadata(context))
        except grpc.RpcError as error:
            self.fail(context, error)

    def Subscribe(self, requests, context):
        call = self.stub.Subscribe(requests, metadata=self.metadata(context))
        context.add_callback(call.cancel)
        try:
            for answer in call:
                changed = self.change(list(answer.events))
                del answer.events[:]
                answer.events.extend(changed)
                self.told += len(changed)
                yield answer
        except grpc.RpcError as error:
            if context.is_active():
                self.fail(context, error)
