using System;
using System.Diagnostics;
using System.Reflection;

namespace NUnit.Framework
{
    /// <summary>Runs every test of this program: a line "ok|FAIL|skip NAME MS TEXT" for each.</summary>
    public static class Runner
    {
        public static int Main(string[] args)
        {
            var failed = 0;
            foreach (var type in Assembly.GetExecutingAssembly().GetTypes())
            {
                const BindingFlags own = BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly;
                foreach (var method in type.GetMethods(own))
                {
                    if (args.Length > 0 && !$"{type.Name}.{method.Name}".Contains(args[0])) continue;
                    if (method.IsDefined(typeof(TestAttribute), false)) failed += Run(type, method, new object[0]);
                    foreach (TestCaseAttribute test in method.GetCustomAttributes(typeof(TestCaseAttribute), false))
                        failed += Run(type, method, test.Arguments);
                }
            }
            return failed == 0 ? 0 : 1;
        }

        private static int Run(Type type, MethodInfo method, object[] arguments)
        {
            var name = $"{type.Name}.{method.Name}";
            if (arguments.Length > 0) name += $"({string.Join(",", arguments).Replace(' ', '_')})";
            var watch = Stopwatch.StartNew();
            string result = "ok", text = "";
            try
            {
                method.Invoke(Activator.CreateInstance(type), arguments);
            }
            catch (TargetInvocationException error)
            {
                var inner = error.InnerException;
                result = inner is IgnoreException ? "skip" : "FAIL";
                text = inner is AssertionException || inner is IgnoreException ? inner.Message : inner.ToString();
            }
            Console.WriteLine($"{result} {name} {watch.ElapsedMilliseconds} {text.Replace('\n', ' ')}");
            return result == "FAIL" ? 1 : 0;
        }
    }
}
