using System;
using System.Threading;
using NUnit.Framework;

namespace EmoMotion.Tests
{
    public sealed class MainThreadQueueTests
    {
        [Test]
        public void WhatIsPostedIsDoneInOrderAtTheDrain()
        {
            var queue = new MainThreadQueue();
            var done = "";
            queue.Post(() => done += "a");
            queue.Post(() => { done += "b"; queue.Post(() => done += "d"); });
            queue.Post(() => throw new InvalidOperationException("c"));
            Assert.AreEqual("", done);
            queue.Drain(0, error => done += error.Message);
            Assert.AreEqual("abc", done);
            queue.Drain(0, error => done += error.Message);
            Assert.AreEqual("abcd", done);
        }

        [Test]
        public void WaitingEndsAtADrainAndMayBeCancelled()
        {
            var queue = new MainThreadQueue();
            using var cancel = new CancellationTokenSource();
            var now = LiveStream.Now;
            var wait = queue.DelayAsync(1, default);
            var other = queue.DelayAsync(100, cancel.Token);
            queue.Drain(now + 0.5, null);
            Assert.IsFalse(wait.IsCompleted);
            cancel.Cancel();
            queue.Drain(now + 1.5, null);
            Assert.IsTrue(wait.IsCompleted && !wait.IsCanceled);
            Assert.IsTrue(other.IsCanceled);
        }
    }
}
