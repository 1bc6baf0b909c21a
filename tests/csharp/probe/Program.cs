// The C# client as a program, for tests that need a server: one command, one line of JSON for each thing that happens.

using System;
using System.Collections.Generic;
using System.Net.Http;
using System.Threading;
using System.Threading.Tasks;
using EmoMotion.Wire;

namespace EmoMotion.Probe
{
    internal static class Program
    {
        private static readonly Dictionary<string, Func<string[], Task>> Commands =
            new Dictionary<string, Func<string[], Task>>
        {
            ["info"] = Calls.Info,
            ["generate"] = Calls.Generate,
            ["compose"] = Calls.Compose,
            ["reach"] = Calls.Reach,
            ["cancel"] = Calls.Cancel,
            ["drive"] = Live.Drive,
            ["watch"] = Live.Watch,
            ["express"] = Live.Express,
            ["flood"] = Figures.Flood,
            ["allocations"] = Figures.Allocations,
            ["dispose"] = Calls.Dispose,
            ["angles"] = Figures.Angles,
            ["jitter"] = Figures.Jitter,
            ["convert"] = Figures.Convert,
            ["echo"] = Figures.Echo,
            ["tags"] = Figures.Tags,
        };

        private static int Main(string[] args)
        {
            try
            {
                Commands[args[0]](args).GetAwaiter().GetResult();
                return 0;
            }
            catch (EmoMotionException error)
            {
                Line.Of("error").Add("status", error.Status.ToString()).Add("message", error.Message)
                    .Add("field", error.Field).Add("retry", error.RetryAfterS ?? -1).Print();
                return 1;
            }
            catch (OperationCanceledException)
            {
                Line.Of("cancelled").Print();
                return 1;
            }
        }

        /// <summary>A client of an address; "web:" before it takes gRPC-Web and WebSocket.</summary>
        public static EmoMotionClient Client(string address)
        {
            var options = new ChannelOptions { Token = Environment.GetEnvironmentVariable("EMOMOTION_TOKEN") ?? "" };
            if (address.StartsWith("web:", StringComparison.Ordinal))
            {
                options.Transport = Transport.Web;
                options.Sockets = () => new ClientSocket();
                address = address.Substring(4);
            }
            options.Address = address;
            return new EmoMotionClient(new SocketsHttpHandler(), options);
        }
    }
}
