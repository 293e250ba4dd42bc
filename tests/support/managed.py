"""Managed subscriptions of a sandbox org, and a client of theirs that is not ours."""
import queue

import grpc

from support.pubsub import code_of


def managed_subscription(client, name, topic="/data/AccountChangeEvent", replay="EARLIEST", state="RUN"):
    client.rest("POST", "/tooling/sobjects/ManagedEventSubscription", {"FullName": name, "Metadata": {
        "label": name, "topicName": topic, "defaultReplay": replay, "errorRecoveryReplay": replay, "state": state}})
    return name


class Managed:
    """An outside client of a managed subscription. It waits while another one has it."""

    def __init__(self, client, name):
        while True:
            self.requests = queue.Queue()
            self.requests.put(client.pb.ManagedFetchRequest(developer_name=name, num_requested=100))
            self.call = client.stub.ManagedSubscribe(iter(self.requests.get, None), metadata=client.metadata, timeout=300)
            self.pb = client.pb
            try:
                self.first = next(self.call)
                return
            except grpc.RpcError as error:
                assert code_of(error) == "managed.subscription.already.active", error

    def commit(self, replay_id):
        self.requests.put(self.pb.ManagedFetchRequest(commit_replay_id_request=self.pb.CommitReplayRequest(
            commit_request_id="c", replay_id=replay_id)))
        while not (answer := next(self.call)).HasField("commit_response"):
            pass
        assert not answer.commit_response.error.msg, answer

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.requests.put(None)
        self.call.cancel()


def waiting_at(client, name):
    """How many events the org would tell from its position, in its first answer."""
    with Managed(client, name) as managed:
        return len(managed.first.events)
